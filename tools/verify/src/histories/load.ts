import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { contentOf } from '../crash/content.ts'
import { BUCKET } from './cluster.ts'
import type { Gateway } from './cluster.ts'
import type { Condition, KeyAnswer, KeyRequest, Listing } from './history.ts'
import type { Recorder } from './recorder.ts'

/** Who asks, and whom. */
export interface ClientOptions {
  readonly name: string
  readonly gateways: readonly Gateway[]
  readonly recorder: Recorder
  readonly random: () => number
}

/** One client: a request after the other, each to whichever server, until it is told to stop. */
export async function runClient(options: ClientOptions, stop: AbortSignal): Promise<void> {
  const { gateways, random } = options
  for (let number = 0; !stop.aborted; number += 1) {
    const at = Math.floor(random() * gateways.length)
    const client = gateways[at]?.client ?? null
    const label = `${options.name}.${number} at ${at}`
    const fine = client !== null && (await ask({ ...options, client, label }))
    // Whoever was turned away comes back a little later.
    if (!fine) await sleep(50 + random() * 200)
  }
}

/** Reads every key at every server: then nothing is going on, and everybody must know what there is. */
export async function readAll(recorder: Recorder, gateways: readonly Gateway[]): Promise<void> {
  for (const [at, { client }] of gateways.entries()) {
    if (client === null) throw new Error('a server is down')
    const each = { client, recorder, label: `at the end, at ${at}` }
    await Promise.all([...recorder.keys.map((key) => perform(each, key, { kind: 'read' }, null)), list(each, 1000)])
  }
}

interface Asking {
  readonly client: S3Client
  readonly recorder: Recorder
  readonly label: string
}

/** Says whether it was answered. */
function ask(asking: Asking & Pick<ClientOptions, 'random'>): Promise<boolean> {
  const { recorder, random, label } = asking
  const key = recorder.keys[Math.floor(random() * recorder.keys.length)] ?? ''
  const likely = recorder.likely(key)
  const ifLikely: Exclude<Condition, 'absent'> = likely === undefined ? 'none' : { holds: likely }
  const size = Math.floor(random() < 0.6 ? 1 + random() * 4000 : 66_000 + random() * 140_000)
  const body = contentOf(`${size}:${recorder.prefix}${label}`)
  const put = (condition: Condition): KeyRequest => ({ kind: 'put', value: md5(body), condition })
  const roll = random()
  if (roll < 0.27) return perform(asking, key, { kind: 'read' }, null)
  if (roll < 0.35) return perform(asking, key, { kind: 'read' }, 'head')
  if (roll < 0.43) return list(asking, random() < 0.4 ? 2 : 1000)
  if (roll < 0.46) return removeSeveral(asking, random)
  if (roll < 0.63) return perform(asking, key, put('none'), body)
  if (roll < 0.76) return perform(asking, key, put('absent'), body)
  if (roll < 0.88) return perform(asking, key, put(ifLikely), body)
  return perform(asking, key, { kind: 'delete', condition: roll < 0.94 ? 'none' : ifLikely }, null)
}

async function perform(asking: Asking, key: string, request: KeyRequest, body: Uint8Array | 'head' | null): Promise<boolean> {
  const { recorder, label } = asking
  const invokedAt = performance.now()
  const answer = await send(asking, key, request, body).catch((error: unknown) => answerOf(error, asking, invokedAt))
  const returnedAt = answer === 'unknown' ? Infinity : performance.now()
  // What never left is no request, and what was asked and not answered says nothing where nobody wanted to write.
  if (answer !== null && !(answer === 'unknown' && request.kind === 'read')) {
    recorder.add(key, { label, request, answer, invokedAt, returnedAt })
  }
  return answer !== null && answer !== 'unknown'
}

async function send(asking: Asking, key: string, request: KeyRequest, body: Uint8Array | 'head' | null): Promise<KeyAnswer> {
  const { client, recorder, label } = asking
  const abortSignal = AbortSignal.timeout(recorder.answeredWithinMs)
  const target = { Bucket: BUCKET, Key: key }
  if (request.kind === 'delete') {
    await client.send(new DeleteObjectCommand({ ...target, ...ifMatch(request.condition) }), { abortSignal })
    return 'done'
  }
  if (request.kind === 'put') {
    const headers = request.condition === 'absent' ? { IfNoneMatch: '*' } : ifMatch(request.condition)
    const { ETag } = await client.send(new PutObjectCommand({ ...target, ...headers, Body: body as Uint8Array }), { abortSignal })
    if (unquoted(ETag) !== request.value) recorder.problems.push(`${label}: the ETag of a put is ${ETag}, and not ${request.value}`)
    return 'done'
  }
  if (body === 'head') {
    const { ETag } = await client.send(new HeadObjectCommand(target), { abortSignal })
    return { holds: unquoted(ETag) }
  }
  const { ETag, Body } = await client.send(new GetObjectCommand(target), { abortSignal })
  const bytes = (await Body?.transformToByteArray()) ?? Buffer.alloc(0)
  if (md5(bytes) !== unquoted(ETag)) recorder.problems.push(`${label}: the bytes of ${key} are not those of its ETag ${ETag}`)
  return { holds: unquoted(ETag) }
}

/** Several keys with one request, in an order of its own: each has an answer of its own. */
async function removeSeveral(asking: Asking, random: () => number): Promise<boolean> {
  const { client, recorder, label } = asking
  const keys = recorder.keys.map((key) => ({ key, at: random() })).toSorted((a, b) => a.at - b.at)
  const Objects = keys.slice(0, 3).map(({ key }) => ({ Key: key }))
  const invokedAt = performance.now()
  const command = new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects } })
  const answers = await client.send(command, { abortSignal: AbortSignal.timeout(recorder.answeredWithinMs) }).then(
    ({ Deleted = [], Errors = [] }) => {
      for (const { Key, Code } of Errors) {
        if (Code === 'ServiceUnavailable') recorder.refusals.push(performance.now())
        else recorder.problems.push(`${label}: the deletion of ${Key} was answered ${Code}`)
      }
      return new Map<string | undefined, KeyAnswer>(Deleted.map(({ Key }) => [Key, 'done']))
    },
    (error: unknown) => (answerOf(error, asking, invokedAt) === null ? null : new Map<string | undefined, KeyAnswer>()),
  )
  if (answers === null) return false
  for (const { Key } of Objects) {
    const answer = answers.get(Key) ?? 'unknown'
    const returnedAt = answer === 'unknown' ? Infinity : performance.now()
    recorder.add(Key, { label, request: { kind: 'delete', condition: 'none' }, answer, invokedAt, returnedAt })
  }
  return answers.size === Objects.length
}

async function list(asking: Asking, pageSize: number): Promise<boolean> {
  const { client, recorder, label } = asking
  const { prefix } = recorder
  const invokedAt = performance.now()
  const entries: Listing['entries'][number][] = []
  try {
    let after: { ContinuationToken?: string } | null = {}
    while (after !== null) {
      const command: ListObjectsV2Command = new ListObjectsV2Command({ Bucket: BUCKET, Prefix: prefix, MaxKeys: pageSize, ...after })
      const { Contents = [], NextContinuationToken: next } = await client.send(command, {
        abortSignal: AbortSignal.timeout(recorder.answeredWithinMs),
      })
      for (const { Key = '', ETag } of Contents) entries.push({ key: Key, value: unquoted(ETag) })
      after = next === undefined ? null : { ContinuationToken: next }
    }
  } catch (error) {
    const answer = answerOf(error, asking, invokedAt)
    if (answer !== null && answer !== 'unknown') recorder.problems.push(`${label}: a listing was answered ${JSON.stringify(answer)}`)
    return false
  }
  recorder.list({ label, prefix, entries, invokedAt, returnedAt: performance.now() })
  return true
}

/** What an error says; null where the request never left. Anything that a client should never see is noted. */
function answerOf(error: unknown, { recorder, label }: Asking, invokedAt: number): KeyAnswer | null {
  const { name, code, $metadata } = error as { name?: string; code?: string; $metadata?: { httpStatusCode?: number } }
  const status = $metadata?.httpStatusCode
  if (status === 412) return 'refused'
  if (status === 404 && (name === 'NoSuchKey' || name === 'NotFound')) return 'absent'
  if (status === 503) {
    recorder.refusals.push(performance.now())
    return 'unknown'
  }
  if (status === undefined || status === 200) {
    if (code === 'ECONNREFUSED') return null
    // Whoever waits at a server that is killed is let go at once.
    if (performance.now() - invokedAt >= recorder.answeredWithinMs)
      recorder.problems.push(`${label}: not answered within ${recorder.answeredWithinMs / 1000} s`)
    return 'unknown'
  }
  recorder.problems.push(`${label}: answered ${status}: ${String(error)}`)
  return 'unknown'
}

function ifMatch(condition: Condition): { readonly IfMatch?: string } {
  return typeof condition === 'object' ? { IfMatch: `"${condition.holds}"` } : {}
}

function unquoted(etag: string | undefined): string {
  return etag?.replaceAll('"', '') ?? ''
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}
