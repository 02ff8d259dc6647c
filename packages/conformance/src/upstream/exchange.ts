import { once } from 'node:events'
import { request as send } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { corruptAt, CutHere, cutAfter, slowly } from './body-faults.ts'
import type { ScriptedAnswer, UpstreamFault } from './upstream-rule.ts'

/** One request of a client, the answer it waits for, and whom to ask. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly target: URL
  /** Whether the client waits for `100 Continue` before it sends its body. */
  readonly waitsToSend: boolean
}

/** Long enough for what was written to be on its way when a connection is reset: bytes behind a reset are lost. */
const SETTLE_MS = 20
/** Headers about a connection, which each side has for itself. */
const HOP_BY_HOP: ReadonlySet<string> = new Set(['connection', 'keep-alive'])

/** Carries one request to the target and its answer back, with the fault that the script wants. */
export async function carryOut(exchange: Exchange, fault: UpstreamFault | null): Promise<void> {
  if (fault !== null && !reachesTarget(fault)) {
    failUnasked(exchange, fault)
    return
  }
  let answer: IncomingMessage
  try {
    answer = await ask(exchange, fault)
  } catch {
    // The script cut the request, or the client left, or the target refused the connection: the client sees the same.
    resetConnection(exchange)
    return
  }
  await giveBack(exchange, answer, fault)
}

/** A connection reset, as a client sees it. */
export function resetConnection({ response }: Pick<Exchange, 'response'>): void {
  response.socket?.resetAndDestroy()
}

function reachesTarget(fault: UpstreamFault): boolean {
  if (fault.kind === 'answer' || fault.kind === 'hang') return fault.executed === true
  return !(fault.kind === 'reset' && fault.when === 'before-request')
}

function failUnasked(exchange: Exchange, fault: UpstreamFault): void {
  if (fault.kind === 'reset') {
    resetConnection(exchange)
    return
  }
  exchange.request.on('error', () => undefined).resume()
  if (fault.kind === 'answer') answerWith(exchange, fault.answer)
}

function answerWith({ response }: Exchange, { status, headers = {}, body = '' }: ScriptedAnswer): void {
  response.writeHead(status, { 'content-length': String(Buffer.byteLength(body)), ...headers })
  response.end(body)
}

/** Sends the request on, to its end; gives the target's answer, of which the head is there. */
async function ask({ request, response, target, waitsToSend }: Exchange, fault: UpstreamFault | null): Promise<IncomingMessage> {
  const headers = withoutHopByHop(request.rawHeaders)
  const outgoing = send({ host: target.hostname, port: target.port, method: request.method, path: request.url, headers, agent: false })
  if (waitsToSend) outgoing.on('continue', () => response.writeContinue())
  const answered = new Promise<IncomingMessage>((resolve, reject) => outgoing.once('response', resolve).once('error', reject))
  // Asked for below, after the body: until then its failure is nobody's.
  answered.catch(() => undefined)
  // A target that answers before it has the body may close the connection; its answer counts.
  const sent = pipeline(Readable.from(requestBody(request, fault)), outgoing)
  sent.catch(() => undefined)
  return Promise.race([answered, sent.then(() => answered)])
}

function requestBody(request: IncomingMessage, fault: UpstreamFault | null): AsyncIterable<Uint8Array> {
  if (fault?.kind === 'reset' && fault.when === 'in-request') return cutAfter(request, fault.afterBytes)
  if (fault?.kind === 'corrupt' && fault.what === 'request') return corruptAt(request, fault.at)
  if (fault?.kind === 'slow' && fault.what === 'request') return slowly(request, fault)
  return request
}

async function giveBack(exchange: Exchange, answer: IncomingMessage, fault: UpstreamFault | null): Promise<void> {
  if (fault?.kind === 'answer' || fault?.kind === 'hang' || (fault?.kind === 'reset' && fault.when === 'before-answer')) {
    // To its end: only then has the target done all of it.
    await finished(answer.resume())
    if (fault.kind === 'answer') answerWith(exchange, fault.answer)
    if (fault.kind === 'reset') resetConnection(exchange)
    return
  }
  if (fault?.kind === 'shorten') {
    await shorten(exchange, answer, fault.bytes)
    return
  }
  const { response } = exchange
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', withoutHopByHop(answer.rawHeaders))
  response.flushHeaders()
  const size =
    fault !== null && 'afterBytes' in fault ? fault.afterBytes : fault?.kind === 'reset' && fault.when === 'after-head' ? 0 : null
  try {
    // pipeline() would end or destroy the response itself, and only here it is known which of the ways to end is wanted.
    for await (const chunk of size === null ? answerBody(answer, fault) : cutAfter(answer, size)) await write(response, chunk)
    response.end()
  } catch (error) {
    answer.destroy()
    if (error instanceof CutHere) await pause(SETTLE_MS)
    if (!(error instanceof CutHere) || fault?.kind === 'reset') resetConnection(exchange)
    else if (fault?.kind === 'close') response.socket?.end()
  }
}

function answerBody(answer: IncomingMessage, fault: UpstreamFault | null): AsyncIterable<Uint8Array> {
  if (fault?.kind === 'corrupt' && fault.what === 'answer') return corruptAt(answer, fault.at)
  if (fault?.kind === 'slow' && fault.what === 'answer') return slowly(answer, fault)
  return answer
}

async function shorten({ response }: Exchange, answer: IncomingMessage, bytes: number): Promise<void> {
  const chunks: Uint8Array[] = []
  for await (const chunk of answer) chunks.push(chunk)
  const whole = Buffer.concat(chunks)
  const body = whole.subarray(0, Math.max(0, whole.length - bytes))
  const headers = withoutHopByHop(answer.rawHeaders, new Set([...HOP_BY_HOP, 'content-length', 'transfer-encoding']))
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', [...headers, 'Content-Length', String(body.length)])
  response.end(body)
}

/** Waits where the client is slower than the target; fails where it has gone. */
async function write(response: ServerResponse, chunk: Uint8Array): Promise<void> {
  if (response.destroyed) throw new Error('the client has left')
  if (response.write(chunk)) return
  const left = new AbortController()
  try {
    await Promise.race([once(response, 'drain', { signal: left.signal }), once(response, 'close', { signal: left.signal })])
  } finally {
    left.abort()
  }
}

/** Raw names and values, one after the other, as they came: what is signed has to arrive as it was sent. */
function withoutHopByHop(rawHeaders: readonly string[], dropped: ReadonlySet<string> = HOP_BY_HOP): string[] {
  const kept: string[] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2)
    if (!dropped.has(name.toLowerCase())) kept.push(name, value)
  }
  return kept
}
