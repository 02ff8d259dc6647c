import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { blobOf } from '../../../test/metadata/samples.ts'
import type { OnStatement } from '../sql/sql-driver.ts'
import { InlineWriter } from './inline-writer.ts'
import { SqliteWriter } from './sqlite-writer.ts'

let directory = ''
let writer: InlineWriter
let fail: OnStatement = () => undefined
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stowage-writer-'))
  fail = () => undefined
  const settings = { file: join(directory, 'metadata.sqlite'), durability: 'full' } as const
  writer = new InlineWriter({ settings, now: () => 1, onStatement: (info) => fail(info) })
  await writer.open()
})
afterEach(async () => {
  await writer.close()
  await rm(directory, { recursive: true })
})

const reserve = (name: string): Promise<unknown> =>
  writer.submit({ name: 'reserveBlobs', input: { processId: 'p', blobs: [blobOf(name)] }, now: 1 })
const abandon = (...names: string[]): Promise<unknown> =>
  writer.submit({ name: 'abandonBlobs', input: { blobs: names.map(blobOf) }, now: 2 })

test('what comes in one tick is one transaction', async () => {
  const names = Array.from({ length: 50 }, (_, index) => `b${index}`)
  await Promise.all(names.map(reserve))
  expect(writer.counters).toEqual({ groups: 1, commands: 50 })
  await Promise.all([reserve('c1'), reserve('c2')])
  expect(writer.counters).toEqual({ groups: 2, commands: 52 })
  expect(await abandon(...names)).toHaveLength(50)
})

test('a command that fails fails alone, even behind its first write', async () => {
  await reserve('x')
  // A name that is known already violates the primary key.
  const outcomes = await Promise.allSettled([reserve('a'), reserve('x'), reserve('b'), reserve('x'), reserve('c')])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'])
  expect(writer.counters).toEqual({ groups: 2, commands: 4 })
  expect(await abandon('a', 'b', 'c', 'x')).toHaveLength(4)
})

test('a commit that fails fails all of its group, and leaves nothing', async () => {
  fail = ({ text }) => {
    if (text === 'COMMIT') throw Object.assign(new Error('disk full'), { code: 'SQLITE_FULL' })
  }
  const outcomes = await Promise.allSettled([reserve('a'), reserve('b')])
  for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'StorageFull' } })
  fail = () => undefined
  expect(await abandon('a', 'b')).toEqual([])
  await reserve('a')
})

test('after an I/O error at COMMIT nobody knows, and nothing is tried again', async () => {
  fail = ({ text }) => {
    if (text === 'COMMIT') throw Object.assign(new Error('fsync'), { code: 'SQLITE_IOERR_FSYNC' })
  }
  await expect(reserve('a')).rejects.toMatchObject({ code: 'OutcomeUnknown', details: { command: 'reserveBlobs' } })
  fail = () => undefined
  await expect(reserve('b')).rejects.toMatchObject({ code: 'StoreUnavailable' })
})

test('a checkpoint in an idle moment never ends the writer: what is wrong, the next commit says', async () => {
  const other = new SqliteWriter({ file: join(directory, 'other.sqlite'), durability: 'full' })
  other.migrate(1)
  other.close()
  expect(() => other.checkpoint()).not.toThrow()
  expect(other.run([{ name: 'reserveBlobs', input: { processId: 'p', blobs: [blobOf('a')] }, now: 1 }])).toEqual([
    { error: expect.any(Error) },
  ])
})
