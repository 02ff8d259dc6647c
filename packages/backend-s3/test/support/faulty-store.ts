import { startFaultyUpstream } from '@stowage/conformance'
import type { FaultyUpstream, ScriptedAnswer, UpstreamFault } from '@stowage/conformance'
import { isStorageError, parseBlobKey } from '@stowage/core/backend'
import type { AnyStorageError, Backend, BlobKey, ByteRange } from '@stowage/core/backend'
import { s3Backend } from '../../src/index.ts'
import type { S3BackendOptions } from '../../src/index.ts'
import { startOwnServer } from './own-server.ts'
import type { OwnServer } from './own-server.ts'

/** Later than anything that a store could have begun. */
const FOREVER = new Date(8_640_000_000_000_000)
const PART_SIZE = 5 * 1024 ** 2

/** A server of ours, what makes the way to it fail, and backends that go that way or around it. */
export interface FaultyStore {
  readonly server: OwnServer
  readonly upstream: FaultyUpstream
  /** One that goes by the faults, under a prefix of its own, with little patience. */
  faulty(options?: Partial<S3BackendOptions>): Backend
  /** The same blobs, without faults. */
  direct(backend: Backend): Backend
  stop(): Promise<void>
}

/** Starts both. */
export async function startFaultyStore(): Promise<FaultyStore> {
  const server = await startOwnServer()
  const upstream = await startFaultyUpstream({ target: server.endpoint })
  const prefixes = new WeakMap<Backend, string>()
  const opened: Backend[] = []
  let number = 0
  return {
    server,
    upstream,
    faulty(options = {}) {
      const prefix = `test-${(number += 1)}/`
      const backend = s3Backend({
        ...server.options,
        endpoint: upstream.url,
        prefix,
        partSize: PART_SIZE,
        attemptsMax: 3,
        connectTimeoutSeconds: 30,
        idleTimeoutSeconds: 4,
        requestTimeoutSeconds: 15,
        ...options,
      })
      prefixes.set(backend, prefix)
      opened.push(backend)
      return backend
    },
    direct(backend) {
      const direct = s3Backend({ ...server.options, prefix: prefixes.get(backend) ?? 'none' })
      opened.push(direct)
      return direct
    },
    async stop() {
      for (const backend of opened) await backend.close()
      await upstream.stop()
      await server.stop()
    },
  }
}

/** Bytes that differ by place. */
export function bytesOf(size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  for (let index = 0; index < size; index += 1) bytes[index] = (index * 31 + (index >>> 8) * 7 + (index >>> 16)) & 255
  return bytes
}

/** The bytes as a source. */
export async function* sourceOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 65_536) yield bytes.subarray(start, start + 65_536)
}

/** A key. */
export const KEY: BlobKey = parseBlobKey('ns/blob')

/** Reads a blob to its end. */
export async function readBlob(backend: Backend, range?: ByteRange): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of await backend.get(KEY, range === undefined ? {} : { range })) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** What a call fails with, as a storage error; null where it does not fail. Anything else is thrown. */
export async function failureOf(call: Promise<unknown>): Promise<AnyStorageError | null> {
  try {
    await call
    return null
  } catch (error) {
    if (isStorageError(error)) return error
    throw error
  }
}

/** The keys that are listed, and the uploads that never finished. */
export async function leftOvers(backend: Backend): Promise<{ readonly keys: readonly string[]; readonly uploads: number }> {
  const keys: string[] = []
  for await (const { key } of backend.list({ prefix: '' })) keys.push(key)
  let uploads = 0
  for await (const _ of backend.unfinished?.list({ before: FOREVER }) ?? []) uploads += 1
  return { keys, uploads }
}

/** Aborts every upload that never finished, as the collector does. */
export async function abortUploads({ unfinished }: Backend): Promise<void> {
  for await (const write of unfinished?.list({ before: FOREVER }) ?? []) await unfinished?.abort(write)
}

/** An answer as S3 gives it to a request that failed. */
export function s3Answer(status: number, code: string): ScriptedAnswer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${code}.</Message><RequestId>1</RequestId></Error>`
  return { status, headers: { 'content-type': 'application/xml' }, body }
}

/** The same as a fault. */
export function answers(status: number, code: string, executed = false): UpstreamFault {
  return { kind: 'answer', answer: s3Answer(status, code), executed }
}
