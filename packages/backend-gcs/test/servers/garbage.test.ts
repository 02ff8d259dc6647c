import { setTimeout as wait } from 'node:timers/promises'
import { startFaultyUpstream } from '@stowage/conformance'
import type { FaultyUpstream } from '@stowage/conformance'
import { accountCaller, allowAll, fsck, openEngine } from '@stowage/core'
import { parseBlobKey } from '@stowage/core/backend'
import type { Backend } from '@stowage/core/backend'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { gcsBackend } from '../../src/gcs-backend.ts'
import { emptyBucket, freshOptions, prepareBucket, RESUMES } from './server.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let upstream: FaultyUpstream
beforeAll(async () => {
  await prepareBucket()
  upstream = await startFaultyUpstream({ target: freshOptions().apiEndpoint ?? '' })
})
afterAll(async () => {
  await upstream.stop()
  await emptyBucket()
})

async function keysOf(backend: Backend): Promise<readonly string[]> {
  const keys: string[] = []
  for await (const { key } of backend.list({ prefix: '' })) keys.push(key)
  return keys
}

async function* bodyOf(size: number, seed: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < size; start += 50_000) yield Buffer.alloc(Math.min(50_000, size - start), seed)
}

/** An engine on the faulty server, and a way to the objects that goes past it. */
async function openBoth(idleTimeoutSeconds: number = 30): Promise<{
  readonly engine: Awaited<ReturnType<typeof openEngine>>
  readonly direct: Backend
  readonly check: () => Promise<{ readonly garbage: number; readonly damage: number }>
}> {
  const options = {
    ...freshOptions(),
    chunkSize: 256 * 1024,
    resumableThreshold: 100_000,
    attemptsMax: 2,
    retryDelaySeconds: 0.001,
    idleTimeoutSeconds,
  }
  const direct = gcsBackend(options)
  await direct.init()
  const metadata = sqliteMetadata({ temporary: true })
  const backend = gcsBackend({ ...options, apiEndpoint: upstream.url })
  const limits = { inlineSizeMax: 100, garbageGraceSeconds: 0.5, heartbeatIntervalSeconds: 0.1, processLeaseSeconds: 5 }
  const engine = await openEngine({ metadata, backend, policy: allowAll(), limits })
  const check = (): ReturnType<typeof fsck> => fsck({ metadata, backends: { main: direct }, opened: true, deep: true })
  return { engine, direct, check }
}

const LOSSES = [
  [
    'in one request, whose answers are lost',
    50_000,
    2,
    { method: 'POST', query: /uploadType=multipart/ },
    { kind: 'reset', when: 'before-answer' },
  ],
  [
    'in chunks, whose last answer is lost with all after it',
    600_000,
    1,
    { method: 'PUT', nth: 3 },
    { kind: 'reset', when: 'before-answer' },
  ],
  ['in chunks, where the service hangs', 600_000, 0, { method: 'PUT', nth: 2 }, { kind: 'hang', executed: true }],
] as const

test.each(LOSSES.filter(([, size]) => RESUMES || size < 100_000))(
  'the collector finds what puts left behind: %s',
  async (_, size, orphans, rule, fault) => {
    const { engine, direct, check } = await openBoth(fault.kind === 'hang' ? 2 : 30)
    const session = engine.as(accountCaller('owner'))
    const bucket = { name: 'bucket' }
    await session.createBucket({ bucket })
    await session.putObject({ bucket, key: 'kept', body: bodyOf(size, 1) })
    upstream.add({ ...rule, times: Number.POSITIVE_INFINITY, fault })
    // The way back is lost as well: what was made cannot be looked for, and not be removed.
    upstream.add({
      path: /\/storage\/v1\/b\/[^/]+\/o\//,
      times: Number.POSITIVE_INFINITY,
      fault: { kind: 'answer', answer: { status: 503 } },
    })
    for (const seed of [2, 3]) {
      await expect(session.putObject({ bucket, key: 'lost', body: bodyOf(size, seed) })).rejects.toMatchObject({
        code: 'BackendUnavailable',
        retryable: true,
      })
    }
    expect(await keysOf(direct)).toHaveLength(1 + orphans)
    upstream.heal()
    await expect(session.getObject({ bucket, key: 'lost' })).rejects.toMatchObject({ code: 'ObjectNotFound' })
    // The same names again: nothing stands in the way.
    await session.putObject({ bucket, key: 'lost', body: bodyOf(size, 4) })
    for (let rounds = 0; rounds < 100 && (await keysOf(direct)).length > 2; rounds += 1) {
      await wait(100)
      await engine.collectGarbage()
    }
    expect(await keysOf(direct)).toHaveLength(2)
    const { damage, garbage } = await check()
    expect({ damage, garbage }).toEqual({ damage: 0, garbage: 0 })
    await engine.close()
    await direct.close()
  },
)

test('the collector goes on where deletions are refused, and deletes later', async () => {
  const { engine, direct } = await openBoth()
  const session = engine.as(accountCaller('owner'))
  const bucket = { name: 'bucket' }
  await session.createBucket({ bucket })
  await session.putObject({ bucket, key: 'k', body: bodyOf(50_000, 1) })
  await session.deleteObject({ bucket, key: 'k' })
  const refused = { status: 403, body: JSON.stringify({ error: { errors: [{ reason: 'retentionPolicyNotMet' }], message: 'too young' } }) }
  upstream.add({ method: 'DELETE', times: Number.POSITIVE_INFINITY, fault: { kind: 'answer', answer: refused } })
  await wait(700)
  await engine.collectGarbage().catch((error: unknown) => expect(error).toMatchObject({ code: 'BackendUnavailable' }))
  expect(await keysOf(direct)).toHaveLength(1)
  upstream.heal()
  for (let rounds = 0; rounds < 100 && (await keysOf(direct)).length > 0; rounds += 1) {
    await wait(100)
    await engine.collectGarbage()
  }
  expect(await keysOf(direct)).toEqual([])
  await engine.close()
  await direct.close()
})

test('a join of 1,100 blobs is whole, asks for a name before it uses it, and leaves none of them', async () => {
  const { engine, direct } = await openBoth()
  const sources = Array.from({ length: 1_100 }, (_, index) => parseBlobKey(`s-${index}`))
  // Few blobs, many times: the service does not mind, and neither do we.
  const few = sources.slice(0, 7)
  for (const [index, source] of few.entries()) await direct.put(source, bodyOf(1_000 + index, index), {})
  const names: string[] = []
  const temporary = async (): Promise<ReturnType<typeof parseBlobKey>> => {
    names.push(`t-${names.length}`)
    return parseBlobKey(`t-${names.length - 1}`)
  }
  const many = sources.map((_, index) => parseBlobKey(`s-${index % 7}`))
  const expected = Buffer.concat(many.map((_, index) => Buffer.alloc(1_000 + (index % 7), index % 7)))
  expect(await direct.joining?.join(parseBlobKey('whole'), many, { temporary })).toEqual({ size: expected.length })
  const chunks: Uint8Array[] = []
  for await (const chunk of await direct.get(parseBlobKey('whole'), {})) chunks.push(chunk)
  expect(Buffer.concat(chunks).equals(expected)).toBe(true)
  // 35 groups of 32, and then 2 of those; the last one is the target.
  expect(names).toHaveLength(37)
  for (let rounds = 0; rounds < 100 && (await keysOf(direct)).length > 8; rounds += 1) await wait(50)
  expect(await keysOf(direct)).toEqual([...few, 'whole'].sort())
  await engine.close()
  await direct.close()
})
