import assert from 'node:assert/strict'
import type { Readable } from 'node:stream'
import { isStorageError, parseBlobKey } from '@stowage/core/backend'
import type { Backend, BlobKey, ByteRange, ByteSource, StorageErrorCode } from '@stowage/core/backend'
import type { Case } from '../case.ts'

/** A case about a backend. */
export type BackendCase = Case<Backend>

/** A blob key that looks like the engine's, different for every number, in the order of the numbers. */
export function keyOf(number: number): BlobKey {
  return parseBlobKey(`k${number.toString(36).padStart(24, '0')}`)
}

/** A blob key, as tests write it. */
export function key(name: string): BlobKey {
  return parseBlobKey(name)
}

/** Bytes that differ by seed and by position, so that bytes of another blob or another place are noticed. */
export function bytesOf(size: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  let state = (seed * 2_654_435_761) >>> 0
  for (let index = 0; index < size; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[index] = state >>> 24
  }
  return bytes
}

/** The bytes as a source of chunks. */
export async function* sourceOf(bytes: Uint8Array, chunkSize: number = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += chunkSize) yield bytes.subarray(start, start + chunkSize)
}

/** A source that gives these bytes and then throws. */
export async function* failingSource(bytes: Uint8Array, error: unknown): AsyncGenerator<Uint8Array> {
  yield* sourceOf(bytes)
  throw error
}

/** A source that gives these bytes, says so, and then waits until it is let go on. */
export interface PausingSource {
  readonly body: ByteSource
  /** Resolves when the consumer has asked for more than the bytes. */
  readonly paused: Promise<void>
  resume(): void
}

/** Makes a source that pauses at its end. */
export function pausingSource(bytes: Uint8Array): PausingSource {
  let pause = (): void => {}
  let resume = (): void => {}
  const paused = new Promise<void>((resolve) => (pause = resolve))
  const resumed = new Promise<void>((resolve) => (resume = resolve))
  async function* body(): AsyncGenerator<Uint8Array> {
    yield* sourceOf(bytes)
    pause()
    await resumed
  }
  return { body: body(), paused, resume }
}

/** Writes bytes under a key. */
export async function putBytes(backend: Backend, blob: BlobKey, bytes: Uint8Array): Promise<void> {
  assert.deepEqual(await backend.put(blob, sourceOf(bytes), { size: bytes.length }), { size: bytes.length })
}

/** Reads a blob, or a range of it, to its end. */
export async function getBytes(backend: Backend, blob: BlobKey, range?: ByteRange): Promise<Buffer> {
  return readAll(await backend.get(blob, range === undefined ? {} : { range }))
}

/** Reads a stream to its end. */
export async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The same bytes; says where they differ instead of printing them. */
export function assertSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  assert.equal(actual.length, expected.length, 'as many bytes')
  if (Buffer.compare(actual, expected) === 0) return
  assert.fail(`byte ${actual.findIndex((byte, index) => byte !== expected[index])} differs`)
}

/** Everything that an iterable gives. */
export async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const each of iterable) all.push(each)
  return all
}

/** The keys of a listing, in its order. */
export async function listKeys(backend: Backend, options: { readonly prefix?: string; readonly after?: BlobKey } = {}): Promise<string[]> {
  const keys: string[] = []
  for await (const entry of backend.list({ prefix: '', ...options })) keys.push(entry.key)
  return keys
}

/** The call fails with a storage error of this code. */
export async function assertFails(call: Promise<unknown>, code: StorageErrorCode): Promise<void> {
  const error = await failureOf(call)
  assert.ok(isStorageError(error), `a StorageError, not ${String(error)}`)
  assert.equal(error.code, code)
}

/** What the call fails with; fails itself where the call does not. */
export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call
  } catch (error) {
    return error
  }
  return assert.fail('the call must fail')
}

/** Nothing can be read under the key, and nothing is listed that is not found by the collector as unfinished. */
export async function assertNothingThere(backend: Backend, blob: BlobKey): Promise<void> {
  await assertFails(backend.get(blob, {}), 'BlobNotFound')
  assert.deepEqual(await listKeys(backend), [], 'nothing is left behind')
}
