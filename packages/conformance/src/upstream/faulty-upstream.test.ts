import { createServer, request as send } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bytesOf, readAll } from '../backend/support.ts'
import { startFaultyUpstream } from './faulty-upstream.ts'
import type { FaultyUpstream } from './faulty-upstream.ts'
import type { UpstreamFault } from './upstream-rule.ts'

const BODY = bytesOf(300_000)
/** What the target has carried out: bodies by path. */
const carriedOut: { readonly path: string; readonly body: Buffer }[] = []
const target = createServer((request, response) => {
  void readAll(request).then(
    (body) => {
      carriedOut.push({ path: request.url ?? '', body })
      response.writeHead(200, ['X-Host', request.headers.host ?? '', 'Content-Length', String(BODY.length)])
      response.end(request.method === 'HEAD' ? undefined : BODY)
    },
    () => undefined,
  )
})
let upstream: FaultyUpstream

beforeAll(async () => {
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
  upstream = await startFaultyUpstream({ target: `http://127.0.0.1:${(target.address() as AddressInfo).port}` })
})
afterEach(() => {
  upstream.heal()
  upstream.forget()
  carriedOut.length = 0
})
afterAll(async () => {
  await upstream.stop()
  await upstream.stop()
  target.closeAllConnections()
  target.close()
})

interface Outcome {
  readonly status: number | null
  readonly headers: IncomingMessage['headers']
  readonly bytes: Buffer
  /** What broke, or null where the exchange ended as HTTP wants it. */
  readonly error: string | null
}

/** One request on a connection of its own. */
function exchange(method: string, path: string, body?: Uint8Array, timeoutMs = 60_000): Promise<Outcome> {
  return new Promise((resolve) => {
    let answer: IncomingMessage | null = null
    const chunks: Uint8Array[] = []
    const end = (error: string | null): void =>
      resolve({ status: answer?.statusCode ?? null, headers: answer?.headers ?? {}, bytes: Buffer.concat(chunks), error })
    const headers = body === undefined ? {} : { 'content-length': body.length }
    const request = send(`${upstream.url}${path}`, { method, headers, agent: false, signal: AbortSignal.timeout(timeoutMs) })
    request.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.name))
    request.on('response', (response) => {
      answer = response
      response.on('data', (chunk: Uint8Array) => chunks.push(chunk))
      response.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.name))
      response.on('end', () => end(null))
    })
    request.end(body)
  })
}

const on = (fault: UpstreamFault): void => upstream.add({ path: '/b/k', fault })

describe('startFaultyUpstream', () => {
  test('passes on what no rule is about, the Host of the client included', async () => {
    const { status, headers: answered, bytes, error } = await exchange('PUT', '/b/k?x=%20y', BODY)
    expect([status, error, answered['x-host']]).toEqual([200, null, new URL(upstream.url).host])
    expect(bytes.equals(BODY)).toBe(true)
    expect(carriedOut.map(({ path, body }) => [path, body.equals(BODY)])).toEqual([['/b/k?x=%20y', true]])
    const headers = expect.objectContaining({ 'content-length': String(BODY.length) })
    expect(upstream.requests).toEqual([{ method: 'PUT', path: '/b/k', query: 'x=%20y', headers, fault: null }])
    expect((await exchange('HEAD', '/b/k')).status).toBe(200)
  })

  test('a rule is about the requests it names, from the nth on, so many times', async () => {
    upstream.add({ method: 'GET', path: /^\/b\//, query: 'a', nth: 2, times: 2, fault: { kind: 'answer', answer: { status: 503 } } })
    const statuses = []
    for (const path of ['/b/k?a', '/c/k?a', '/b/k', '/b/k?a', '/b/l?a', '/b/k?a']) statuses.push((await exchange('GET', path)).status)
    expect(statuses).toEqual([200, 200, 200, 503, 503, 200])
    upstream.add({ times: Infinity, fault: { kind: 'answer', answer: { status: 500, headers: { 'x-why': 'so' }, body: 'no' } } })
    const { status, headers, bytes } = await exchange('PUT', '/any', BODY)
    expect([status, headers['x-why'], bytes.toString()]).toEqual([500, 'so', 'no'])
    upstream.heal()
    expect((await exchange('GET', '/any')).status).toBe(200)
  })

  test('a rule may be about requests without a header', async () => {
    upstream.add({ withoutHeader: 'content-length', times: Infinity, fault: { kind: 'answer', answer: { status: 411 } } })
    expect([(await exchange('GET', '/b/k')).status, (await exchange('PUT', '/b/k', BODY)).status]).toEqual([411, 200])
  })

  test.each([
    ['before the request', { kind: 'reset', when: 'before-request' }, 0],
    ['in the request', { kind: 'reset', when: 'in-request', afterBytes: 1_000 }, 0],
    ['before the answer', { kind: 'reset', when: 'before-answer' }, 1],
  ] as const)('a reset %s', async (_name, fault, executed) => {
    on(fault)
    const { status, error } = await exchange('PUT', '/b/k', BODY)
    expect(status).toBe(null)
    expect(error).toMatch(/^(?:ECONNRESET|EPIPE)$/)
    expect(carriedOut.length).toBe(executed)
  })

  test.each([
    ['a reset after the head', { kind: 'reset', when: 'after-head' }, 0],
    ['a reset in the answer', { kind: 'reset', when: 'in-answer', afterBytes: 70_000 }, 70_000],
    ['an answer that closes early', { kind: 'close', afterBytes: 70_000 }, 70_000],
  ] as const)('%s', async (_name, fault, size) => {
    on(fault)
    const { status, bytes, error } = await exchange('GET', '/b/k')
    expect([status, error]).toEqual([200, 'ECONNRESET'])
    expect(bytes.equals(BODY.subarray(0, size))).toBe(true)
  })

  test('an answer that is short, and says so', async () => {
    on({ kind: 'shorten', bytes: 5 })
    const { bytes, error } = await exchange('GET', '/b/k')
    expect(error).toBe(null)
    expect(bytes.equals(BODY.subarray(0, -5))).toBe(true)
  })

  test('a bit that falls over, on either way', async () => {
    on({ kind: 'corrupt', what: 'request', at: 200_000 })
    on({ kind: 'corrupt', what: 'answer', at: 0 })
    await exchange('PUT', '/b/k', BODY)
    const differing = (bytes: Buffer | undefined): number[] => [...BODY.keys()].filter((index) => bytes?.[index] !== BODY[index])
    expect(differing(carriedOut[0]?.body)).toEqual([200_000])
    upstream.heal()
    on({ kind: 'corrupt', what: 'answer', at: 0 })
    expect(differing((await exchange('GET', '/b/k')).bytes)).toEqual([0])
  })

  test('an answer that is another one, though the request was carried out', async () => {
    on({ kind: 'answer', executed: true, answer: { status: 200, body: '<Error/>' } })
    const { status, bytes } = await exchange('PUT', '/b/k', BODY)
    expect([status, bytes.toString(), carriedOut.length]).toEqual([200, '<Error/>', 1])
  })

  test.each([true, false])('no answer, executed: %s', async (executed) => {
    on({ kind: 'hang', executed })
    expect(await exchange('PUT', '/b/k', BODY, 300)).toMatchObject({ status: null, error: 'ABORT_ERR' })
    expect(carriedOut.length).toBe(executed ? 1 : 0)
  })

  test('an answer that stalls', async () => {
    on({ kind: 'stall', afterBytes: 70_000 })
    const { status, bytes, error } = await exchange('GET', '/b/k', undefined, 300)
    expect([status, bytes.length, error]).toEqual([200, 70_000, 'ABORT_ERR'])
  })

  test.each(['request', 'answer'] as const)('a slow %s loses nothing', async (what) => {
    on({ kind: 'slow', what, chunkSize: 50_000, pauseMs: 1 })
    const { bytes } = await exchange('PUT', '/b/k', BODY)
    expect([bytes.equals(BODY), carriedOut[0]?.body.equals(BODY)]).toEqual([true, true])
  })
})
