import { AbortMultipartUploadCommand, CreateMultipartUploadCommand, UploadPartCommand } from '@aws-sdk/client-s3'
import { isStorageError, StorageError } from '@stowage/core/backend'
import type { BlobKey } from '@stowage/core/backend'
import { ADDING_HEADERS } from './adding-headers.ts'
import { BACKEND_NAME, isUploadGone } from './errors.ts'
import type { FailedCall } from './errors.ts'
import type { Part } from './filling-part.ts'
import { etagOf, incompleteAnswer } from './incomplete-answer.ts'
import { sendVerified } from './send-verified.ts'
import { signingBody } from './signing-body.ts'
import { attempt, objectOf } from './store.ts'
import type { Store } from './store.ts'

/** An upload in parts that the service keeps open. */
export interface Upload {
  readonly key: BlobKey
  readonly id: string
  /** For errors: what it is a part of. */
  readonly operation: 'put' | 'copy' | 'join'
  /** Whether the service will check the CRC-32 of the whole blob. */
  readonly checksWhole: boolean
}

/** A part that the service has, as `CompleteMultipartUpload` names it. */
export interface SentPart {
  readonly number: number
  readonly etag: string
  /** Its checksum, where the service confirmed one. */
  readonly crc32: string | null
  /** Whether nothing can be reading its bytes any more: an attempt that was given up might be. */
  readonly isLetGo: boolean
}

/** How long what cleans up may take, in milliseconds: nobody waits for it who can be told something better. */
export const CLEAN_UP_MS = 30_000

/** Opens an upload. Those of a put carry checksums, where the service knows them. */
export async function createUpload(
  store: Store,
  key: BlobKey,
  { operation, signal }: { readonly operation: Upload['operation']; readonly signal?: AbortSignal | undefined },
): Promise<Upload> {
  const call: FailedCall = { operation, request: 'CreateMultipartUpload' }
  const checksums = operation === 'put' && store.traits.checksum === 'crc32'
  const input = { ...objectOf(store, key), ...(checksums ? ({ ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' } as const) : {}) }
  const { UploadId, ChecksumType } = await attempt(store, { call, signal }, (options) =>
    store.client.send(new CreateMultipartUploadCommand(input), options),
  )
  if (UploadId === undefined || UploadId === '') throw incompleteAnswer(call)
  return { key, id: UploadId, operation, checksWhole: checksums && ChecksumType === 'FULL_OBJECT' }
}

/**
 * Sends one part. When it resolves, the service has said that it has these very bytes, or, where it knows no CRC-32, has taken them with a
 * Content-MD5 that it had to hold them against.
 */
export async function sendPart(
  store: Store,
  upload: Upload,
  { number, part, signal }: { readonly number: number; readonly part: Part; readonly signal: AbortSignal },
): Promise<SentPart> {
  const call: FailedCall = { operation: 'put', request: 'UploadPart' }
  const { answer, sent, isLetGo } = await sendVerified(store, { part, call }, (digest) => {
    const command = new UploadPartCommand({
      ...objectOf(store, upload.key),
      ...digest,
      UploadId: upload.id,
      PartNumber: number,
      Body: part.bytes,
      ContentLength: part.bytes.length,
    })
    command.middlewareStack.add(signingBody(store, { part, digest }), ADDING_HEADERS)
    return attempt(store, { call, signal }, (options) => store.client.send(command, options))
  })
  const crc32 = 'ChecksumCRC32' in sent ? sent.ChecksumCRC32 : null
  return { number, etag: etagOf(answer.ETag, call), crc32, isLetGo }
}

/** Aborts an upload; one that is gone is fine. */
export async function abortUpload(
  store: Store,
  { key, id }: Pick<Upload, 'key' | 'id'>,
  { operation, signal }: { readonly operation: FailedCall['operation']; readonly signal?: AbortSignal },
): Promise<void> {
  const call: FailedCall = { operation, request: 'AbortMultipartUpload' }
  try {
    await attempt(store, { call, signal }, (options) =>
      store.client.send(new AbortMultipartUploadCommand({ ...objectOf(store, key), UploadId: id }), options),
    )
  } catch (error) {
    if (!(isStorageError(error) && isUploadGone(error.cause))) throw error
  }
}

/** A listing that does not get on. */
export function leadsNowhere(call: FailedCall): StorageError<'BackendUnavailable'> {
  return new StorageError(
    'BackendUnavailable',
    { backend: BACKEND_NAME, operation: call.operation },
    { retryable: true, message: `S3 could not ${call.operation}: the pages of the listing lead nowhere (${call.request}).` },
  )
}
