import { createHash } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { bytesOf, KEY, sourceOf, startFaultyStore } from '../test/support/faulty-store.ts'
import { connect } from './client.ts'
import { Closing } from './closing.ts'
import { parseOptions } from './options.ts'
import type { S3BackendOptions } from './options.ts'
import type { SentDigest } from './part-digests.ts'
import { PartBuffers } from './part-buffers.ts'
import { needsSha256, signingBody } from './signing-body.ts'
import type { Store } from './store.ts'

const store = await startFaultyStore()
afterAll(() => store.stop())

const CRC32: SentDigest = { ChecksumCRC32: 'AAAAAA==' }

/** What is said of a body, by the header; undefined where that is left to the vendor's client. */
async function said(
  options: Partial<S3BackendOptions>,
  { protocol, sha256, digest = CRC32 }: { readonly protocol: string; readonly sha256: string | null; readonly digest?: SentDigest },
) {
  const parsed = parseOptions({ bucket: 'b', ...options })
  const traits = { checksum: 'crc32', detects: true, deletesMany: true, deletesWithMd5: false } as const
  const buffers = new PartBuffers({ size: parsed.partSize, keptMax: 1 })
  const made: Store = { options: parsed, client: connect(parsed).client, traits: { ...traits }, closing: new Closing(), buffers }
  const request = { protocol, headers: {} as Record<string, string> }
  const part = { bytes: Buffer.alloc(0), crc32: 0, sha256 }
  await signingBody(made, { part, digest })(() => Promise.resolve())({ request })
  return { needed: needsSha256(made), header: request.headers['x-amz-content-sha256'] }
}

describe('signingBody', () => {
  test.each<[string, Partial<S3BackendOptions>, string, string | null, boolean, string | undefined]>([
    ['in the clear', { endpoint: 'http://host' }, 'http:', 'abc', true, 'abc'],
    ['under TLS', { endpoint: 'https://host' }, 'https:', null, false, 'UNSIGNED-PAYLOAD'],
    ['of AWS', {}, 'https:', null, false, 'UNSIGNED-PAYLOAD'],
    ['in the clear though no option says so', {}, 'http:', null, false, undefined],
    ['under TLS where it is wanted', { endpoint: 'https://host', signsBodies: true }, 'https:', null, false, undefined],
    ['of a client that was given', { client: { send: () => undefined } as never }, 'https:', null, false, undefined],
  ])('%s', async (_name, options, protocol, sha256, needed, header) => {
    expect(await said(options, { protocol, sha256 })).toEqual({ needed, header })
  })

  test('under TLS with Content-MD5, of which a service confirms nothing, it is signed', async () => {
    const digest = { ContentMD5: '1B2M2Y8AsgTpgAmY7PhCfg==' }
    expect((await said({ endpoint: 'https://host' }, { protocol: 'https:', sha256: null, digest })).header).toBe(undefined)
  })

  test('a signed SHA-256 is that of the bytes, of whole blobs and of parts', async () => {
    const backend = store.faulty()
    const bytes = bytesOf(5_600_000)
    await backend.put(KEY, sourceOf(bytes.subarray(0, 1_000)), {})
    await backend.put(KEY, sourceOf(bytes), {})
    const hashes = store.upstream.requests.filter(({ method }) => method === 'PUT').map(({ headers }) => headers['x-amz-content-sha256'])
    const partSize = 5 * 1024 ** 2
    const stretches = [bytes.subarray(0, 1_000), bytes.subarray(0, partSize), bytes.subarray(partSize)]
    expect(new Set(hashes)).toEqual(new Set(stretches.map((stretch) => createHash('sha256').update(stretch).digest('hex'))))
  })
})
