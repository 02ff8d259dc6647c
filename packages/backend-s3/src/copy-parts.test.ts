import { startFaultyUpstream } from '@stowage/conformance'
import { parseBlobKey } from '@stowage/core/backend'
import { afterAll, describe, expect, test } from 'vitest'
import { bytesOf, failureOf, sourceOf } from '../test/support/faulty-store.ts'
import { startOwnServer } from '../test/support/own-server.ts'
import { connect } from './client.ts'
import { Closing } from './closing.ts'
import { copyParts } from './copy-parts.ts'
import { cutRanges } from './cut-ranges.ts'
import { getBlob } from './get.ts'
import { parseOptions } from './options.ts'
import { PartBuffers } from './part-buffers.ts'
import { putBlob } from './put.ts'
import type { Store } from './store.ts'

const server = await startOwnServer()
const options = parseOptions(server.options)
const connected = connect(options)
const buffers = new PartBuffers({ size: options.partSize, keptMax: 1 })
const store: Store = {
  options,
  client: connected.client,
  traits: { checksum: 'crc32', detects: true, deletesMany: true, deletesWithMd5: false },
  closing: new Closing(),
  buffers,
}
afterAll(async () => {
  connected.destroy()
  await server.stop()
})

const MIB = 1024 ** 2
const from = parseBlobKey('from')
const to = parseBlobKey('to')

describe('copyParts', () => {
  test('ranges become one blob, in their order', async () => {
    const bytes = bytesOf(12_000_000)
    await putBlob(store, { key: from, body: sourceOf(bytes), options: {} })
    const ends = [0, 5 * MIB, 10 * MIB, bytes.length]
    const ranges = ends.slice(1).map((end, index) => ({ from, range: { start: ends[index] ?? 0, end } }))
    await copyParts(store, to, { ranges, operation: 'copy', size: bytes.length, signal: undefined })
    const copied = Buffer.concat(await (await getBlob(store, to, {})).toArray())
    expect(copied.equals(bytes)).toBe(true)
  })

  test('a last answer that is lost is asked for, though nobody knows a sum of the whole', async () => {
    const upstream = await startFaultyUpstream({ target: server.endpoint })
    const behind = parseOptions({ ...server.options, endpoint: upstream.url, attemptsMax: 1 })
    const other = connect(behind)
    const bytes = bytesOf(100)
    await putBlob(store, { key: from, body: sourceOf(bytes), options: {} })
    const answer = { status: 500 }
    upstream.add({ method: 'POST', query: /^uploadId=/, fault: { kind: 'answer', answer, executed: true } })
    // As of a service that keeps a sum of whatever it has.
    const headers = { 'content-length': '100', etag: '"0"', 'x-amz-checksum-crc32': 'q8Q5Gg==', 'x-amz-checksum-type': 'FULL_OBJECT' }
    upstream.add({ method: 'HEAD', fault: { kind: 'answer', answer: { status: 200, headers } } })
    await copyParts({ ...store, options: behind, client: other.client }, to, {
      ranges: [{ from }],
      operation: 'copy',
      size: 100,
      signal: undefined,
    })
    other.destroy()
    await upstream.stop()
  })

  test('a size that they do not come to is noticed by the service', async () => {
    await putBlob(store, { key: from, body: sourceOf(bytesOf(100)), options: {} })
    const copy = copyParts(store, parseBlobKey('other'), { ranges: [{ from }], operation: 'copy', size: 101, signal: undefined })
    expect(await failureOf(copy)).toMatchObject({ code: 'BackendUnavailable' })
    expect(await failureOf(getBlob(store, parseBlobKey('other'), {}))).toMatchObject({ code: 'BlobNotFound' })
  })
})

describe('cutRanges', () => {
  test.each([
    [5 * 1024 * MIB + 1, 6, 1024 * MIB],
    [50_000 * 1024 * MIB, 10_000, 5 * 1024 * MIB],
  ])('%d bytes are %d ranges, without gap or overlap', (size, count, longest) => {
    const ranges = cutRanges(from, size).map(({ range }) => range ?? { start: 0, end: 0 })
    expect(ranges).toHaveLength(count)
    expect(ranges.map(({ start }) => start)).toEqual([0, ...ranges.slice(0, -1).map(({ end }) => end)])
    expect(ranges.at(-1)?.end).toBe(size)
    expect(Math.max(...ranges.map(({ start, end }) => end - start))).toBe(longest)
  })
})
