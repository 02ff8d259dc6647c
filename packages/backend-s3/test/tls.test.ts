import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { s3Backend } from '../src/index.ts'
import { bytesOf, failureOf, KEY, readBlob, sourceOf } from './support/faulty-store.ts'
import { startOwnServer } from './support/own-server.ts'

vi.setConfig({ testTimeout: 60_000 })
const fixture = (name: string): string => readFileSync(new URL(`../../gateway/test/fixtures/${name}`, import.meta.url), 'utf8')
const uploads: IncomingHttpHeaders[] = []
const server = await startOwnServer({
  tls: { cert: fixture('localhost-cert.pem'), key: fixture('localhost-key.pem') },
  onRequest: ({ method, headers }) => void (method === 'PUT' && uploads.push(headers)),
})
// Its certificate is one that nobody has signed, and more roots can only be named to a process when it starts.
beforeAll(() => void vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0'))
afterEach(() => void uploads.splice(0))
afterAll(async () => {
  vi.unstubAllEnvs()
  await server.stop()
})

const PART_SIZE = 5 * 1024 ** 2
const LARGE = bytesOf(PART_SIZE + 300_000)
const SMALL = LARGE.subarray(0, 2_000)
const STRETCHES = [SMALL, LARGE.subarray(0, PART_SIZE), LARGE.subarray(PART_SIZE)]
const HASHES = STRETCHES.map((bytes) => createHash('sha256').update(bytes).digest('hex'))

describe('under TLS', () => {
  test.each([
    ['with CRC-32 they are not signed', {}, 'x-amz-checksum-crc32', STRETCHES.map(() => 'UNSIGNED-PAYLOAD')],
    ['with Content-MD5 they are', { checksum: 'md5' }, 'content-md5', HASHES],
    ['where it is wanted they are', { signsBodies: true }, 'x-amz-checksum-crc32', HASHES],
  ] as const)('whole blobs and parts arrive: %s', async (_name, options, digest, signed) => {
    const backend = s3Backend({ ...server.options, partSize: PART_SIZE, ...options })
    for (const bytes of [SMALL, LARGE]) {
      await backend.put(KEY, sourceOf(bytes), {})
      expect((await readBlob(backend)).equals(bytes)).toBe(true)
    }
    // Parts overtake each other.
    expect(uploads).toHaveLength(signed.length)
    expect(new Set(uploads.map((headers) => headers['x-amz-content-sha256']))).toEqual(new Set(signed))
    expect(uploads.filter((headers) => headers[digest] === undefined)).toEqual([])
    await backend.close()
  })

  test('a certificate that nobody vouches for is refused', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '1')
    const backend = s3Backend({ ...server.options, attemptsMax: 1 })
    const failure = await failureOf(backend.put(KEY, sourceOf(SMALL), {}))
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    expect(failure).toMatchObject({ code: 'BackendUnavailable' })
    expect(uploads).toEqual([])
    await backend.close()
  })
})
