import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NewObject } from '@stowage/core/metadata'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { unconditional } from '../../../packages/core/src/policy/requirement.ts'

/*
 * What a 4 KiB put, find and delete cost in the SQLite store alone: 32 in flight, one writer thread, durable.
 *   node -C @stowage/source bench/src/micro/metadata.ts [count] [power|process] [thread|inline] [random|ascending]
 */

const [, , count = '40000', durability = 'power-cut', mode = 'thread', order = 'random'] = process.argv
const COUNT = Number(count)
const IN_FLIGHT = 32
const SIZE = 4096

const directory = await mkdtemp(join(tmpdir(), 'stowage-bench-'))
const store = sqliteMetadata({
  file: join(directory, 'metadata.sqlite'),
  durability: durability === 'process' ? 'process' : 'power-cut',
  ...(mode === 'inline' ? { worker: 'inline' as const } : {}),
})
await store.open()
const require = unconditional(await store.policyVersion())
const createdAt = new Date()
const bucket = {
  id: '01890000-0000-7000-8000-000000000001',
  jurisdiction: 'default',
  name: 'bench',
  account: 'bench',
  public: false,
} as const
await store.createBucket({ bucket: { ...bucket, versioning: 'off', createdAt }, require })

const bytes = randomBytes(SIZE)
const keys = Array.from({ length: COUNT }, (_, index) =>
  order === 'random' ? `photos/${randomBytes(6).toString('hex')}/${index}.jpg` : `photos/${String(index).padStart(9, '0')}.jpg`,
)

function object(key: string): NewObject {
  return {
    bucketId: bucket.id,
    key,
    versionId: '01890000-0000-7000-8000-000000000002',
    size: SIZE,
    etag: 'd41d8cd98f00b204e9800998ecf8427e',
    partCount: null,
    checksum: { algorithm: 'CRC64NVME', type: 'FULL_OBJECT', value: 'AAAAAAAAAAA=' },
    headers: { contentType: 'image/jpeg' },
    userMetadata: {},
    tags: {},
    ownerId: 'bench',
    retention: null,
    legalHold: false,
    createdAt,
    extents: [{ kind: 'inline', length: SIZE, crc32c: 1, envelope: null, bytes }],
  }
}

async function measure(name: string, run: (key: string) => Promise<unknown>): Promise<void> {
  let next = 0
  const loop = async (): Promise<void> => {
    while (next < keys.length) await run(keys[next++]!)
  }
  const cpu = process.cpuUsage()
  const thread = process.threadCpuUsage()
  const begin = performance.now()
  await Promise.all(Array.from({ length: IN_FLIGHT }, loop))
  const seconds = (performance.now() - begin) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const main = process.threadCpuUsage(thread)
  const each = (micros: number): string => (micros / COUNT).toFixed(1).padStart(6)
  const mainMicros = main.user + main.system
  console.log(
    `${name.padEnd(16)}${Math.round(COUNT / seconds)
      .toString()
      .padStart(8)}/s   cpu µs each: ${each(user + system)}` +
      `  main thread ${each(mainMicros)}  other threads ${each(user + system - mainMicros)}`,
  )
}

console.log(`${COUNT} keys (${order}), ${SIZE} bytes inline, ${IN_FLIGHT} in flight, ${mode}, durability ${durability}`)
await measure('put', (key) => store.commitObject({ object: object(key), conditions: {}, require, fresh: [] }))
await measure('put again', (key) => store.commitObject({ object: object(key), conditions: {}, require, fresh: [] }))
await measure('findObject', (key) => store.findObject({ bucketId: bucket.id, key, require }))
await measure('findRecord', (key) => store.findRecord({ bucketId: bucket.id, key, require }))
const deletion = { markerVersionId: 'm', bypassGovernance: null, ownerId: null, conditions: {}, require }
await measure('delete', (key) => store.deleteObjects({ bucketId: bucket.id, at: createdAt, keys: [{ key, ...deletion }] }))
await store.close()
await rm(directory, { recursive: true })
