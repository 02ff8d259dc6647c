import { parseBlobKey } from '@stowage/core/backend'
import type { Backend } from '@stowage/core/backend'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { GcsClientLike } from '../../src/client.ts'
import { gcsBackend } from '../../src/gcs-backend.ts'
import { emptyBucket, freshOptions, prepareBucket } from './server.ts'

/*
 * Google's emulator fails by itself where it is told to: its retry tests name an operation of the API and what befalls it, one after the
 * other, and say afterwards whether all of it has happened.
 */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })
beforeAll(prepareBucket)
afterAll(emptyBucket)

const KIB = 1024
const key = parseBlobKey('x1')
const BYTES = Buffer.from(Array.from({ length: 1_200 * KIB }, (_, index) => (index * 31) % 251))

interface Retry {
  readonly backend: Backend
  /** Whether everything that was to go wrong has. */
  readonly isCompleted: () => Promise<boolean>
}

/** A backend all of whose requests belong to one retry test. */
async function openWith(instructions: Readonly<Record<string, readonly string[]>>): Promise<Retry> {
  const { apiEndpoint = '', ...options } = freshOptions()
  const body = JSON.stringify({ instructions, transport: 'HTTP' })
  const made = await fetch(`${apiEndpoint}/retry_test`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const { id } = (await made.json()) as { readonly id: string }
  const client: GcsClientLike = {
    apiEndpoint,
    authClient: { getRequestHeaders: async () => new Headers({ 'x-retry-test-id': id }) },
    bucket: () => ({ file: () => ({ getSignedUrl: async () => [] }) }),
  }
  const backend = gcsBackend({ ...options, client, chunkSize: 512 * KIB, resumableThreshold: 100 * KIB, idleTimeoutSeconds: 1 })
  await backend.init()
  return {
    backend,
    isCompleted: async () => {
      const { completed } = (await (await fetch(`${apiEndpoint}/retry_test/${id}`)).json()) as { readonly completed: boolean }
      return completed
    },
  }
}

async function* sourceOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 64 * KIB) yield bytes.subarray(start, start + 64 * KIB)
}

async function readAll(backend: Backend): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of await backend.get(key, {})) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('a blob comes and goes whole', () => {
  test.each([
    ['503, twice', { 'storage.objects.insert': ['return-503', 'return-503'] }],
    ['a reset at the start of a session', { 'storage.objects.insert': ['return-reset-connection'] }],
    ['429, 500, 502 and 504', { 'storage.objects.insert': ['return-429', 'return-500', 'return-502', 'return-504'] }],
    ['503 after 300 KiB: a part of a chunk is kept', { 'storage.objects.insert': ['return-503-after-300K'] }],
    [
      '503 after 256, 600 and 1,100 KiB',
      { 'storage.objects.insert': ['return-503-after-256K', 'return-503-after-600K', 'return-503-after-1100K'] },
    ],
    ['silence after 700 KiB of an upload', { 'storage.objects.insert': ['stall-for-3s-after-700K'] }],
    ['the last answer of an upload broken off', { 'storage.objects.insert': ['return-broken-stream-final-chunk-after-1024B'] }],
    [
      'a download broken off after 256 KiB, twice',
      { 'storage.objects.get': ['return-broken-stream-after-256K', 'return-broken-stream-after-128K'] },
    ],
    ['a download broken off at once', { 'storage.objects.get': ['return-broken-stream'] }],
    ['a download that is reset', { 'storage.objects.get': ['return-reset-connection', 'return-503'] }],
    ['silence after 512 KiB of a download', { 'storage.objects.get': ['stall-for-3s-after-512K'] }],
  ])('%s', async (_, instructions) => {
    const { backend, isCompleted } = await openWith(instructions)
    expect(await backend.put(key, sourceOf(BYTES), {})).toEqual({ size: BYTES.length })
    expect((await readAll(backend)).equals(BYTES)).toBe(true)
    expect(await isCompleted()).toBe(true)
    await backend.close()
  })

  test.each([
    ['503 of a small blob after it was received', { 'storage.objects.insert': ['return-503-after-1K'] }],
    ['a reset of a small blob', { 'storage.objects.insert': ['return-reset-connection', 'return-408'] }],
  ])('%s', async (_, instructions) => {
    const { backend, isCompleted } = await openWith(instructions)
    const small = BYTES.subarray(0, 10_000)
    await backend.put(key, sourceOf(small), {})
    expect((await readAll(backend)).equals(small)).toBe(true)
    expect(await isCompleted()).toBe(true)
    await backend.close()
  })
})

test('everything else is repeated, too', async () => {
  const { backend, isCompleted } = await openWith({
    'storage.buckets.get': ['return-503', 'return-reset-connection'],
    'storage.objects.rewrite': ['return-503', 'return-reset-connection'],
    'storage.objects.compose': ['return-429', 'return-reset-connection'],
    'storage.objects.list': ['return-500', 'return-reset-connection'],
    'storage.objects.delete': ['return-504', 'return-reset-connection'],
  })
  await backend.put(key, sourceOf(BYTES), {})
  const [copy, joined] = [parseBlobKey('copy'), parseBlobKey('joined')]
  await backend.copying?.copy(key, copy)
  await backend.joining?.join(joined, [key, copy], { temporary: () => Promise.reject(new Error('none is needed')) })
  const entries = []
  for await (const entry of backend.list({ prefix: '' })) entries.push([entry.key, entry.size])
  expect(entries).toEqual([
    ['copy', BYTES.length],
    ['joined', 2 * BYTES.length],
    ['x1', BYTES.length],
  ])
  await backend.delete([key, copy, joined])
  expect(await isCompleted()).toBe(true)
  await backend.close()
})
