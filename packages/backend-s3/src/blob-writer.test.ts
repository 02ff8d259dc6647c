import { parseBlobKey } from '@stowage/core/backend'
import { describe, expect, test } from 'vitest'
import { failureOf } from '../test/support/faulty-store.ts'
import { BlobWriter } from './blob-writer.ts'
import { connect } from './client.ts'
import { Closing } from './closing.ts'
import { parseOptions } from './options.ts'
import { PartBuffers } from './part-buffers.ts'
import type { Store } from './store.ts'

const key = parseBlobKey('blob')

/** Parts too small for any service; none is sent. */
function writerOf(blobSizeMax: number, size?: number): BlobWriter {
  const options = { ...parseOptions({ bucket: 'b', region: 'eu', blobSizeMax }), partSize: 10 }
  const traits = { checksum: 'crc32', detects: true, deletesMany: true, deletesWithMd5: false } as const
  const buffers = new PartBuffers({ size: options.partSize, keptMax: 1 })
  const store: Store = { options, client: connect(options).client, traits: { ...traits }, closing: new Closing(), buffers }
  return new BlobWriter(store, { key, size, end: new AbortController() })
}

const failureAt = (writer: BlobWriter, size: number): ReturnType<typeof failureOf> =>
  failureOf(Promise.resolve().then(() => writer.add(new Uint8Array(size))))

describe('BlobWriter', () => {
  test('a blob of unknown size ends where its parts do, and says what helps', async () => {
    expect(await failureAt(writerOf(1_000_000), 100_001)).toMatchObject({
      code: 'ObjectTooLarge',
      details: { size: 100_001, max: 100_000 },
      message: 'A blob whose size was not said ends at 100000 bytes, 10000 parts of 10: give its size, or choose a larger partSize.',
    })
  })

  test('no blob is larger than the option says', async () => {
    const failure = { code: 'ObjectTooLarge', details: { size: 1_001, max: 1_000 }, message: '1001 bytes are too many: 1000 are the most.' }
    expect(await failureAt(writerOf(1_000), 1_001)).toMatchObject(failure)
    expect(await failureAt(writerOf(1_000, 5_000), 1_001)).toMatchObject(failure)
  })
})
