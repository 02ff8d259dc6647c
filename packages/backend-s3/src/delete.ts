import { createHash } from 'node:crypto'
import { DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3'
import type { DeleteObjectsCommandOutput } from '@aws-sdk/client-s3'
import { isStorageError } from '@stowage/core/backend'
import type { BlobKey, CallOptions } from '@stowage/core/backend'
import pLimit from 'p-limit'
import { isUnnamed, isUnsupported, statusOf, translate } from './errors.ts'
import type { FailedCall } from './errors.ts'
import { explainNotFound } from './explain-not-found.ts'
import { incompleteAnswer } from './incomplete-answer.ts'
import { attempt, objectKey, objectOf } from './store.ts'
import type { Store } from './store.ts'
import { ADDING_HEADERS, addingHeaders } from './adding-headers.ts'

const WITH_MD5 = addingHeaders(({ body }) => ({ 'content-md5': md5Of(body) }))

/** How many objects S3 takes in one request. */
export const DELETE_BATCH_MAX = 1_000
/** How many are deleted beside each other where the service deletes one at a time. */
const SINGLE_CONCURRENCY = 16

/** Deletes the objects of blobs, in one request where the service can. One that could not be deleted fails the call, which may be repeated. */
export async function deleteBlobs(store: Store, keys: readonly BlobKey[], options?: CallOptions): Promise<void> {
  const signal = options?.signal
  signal?.throwIfAborted()
  const different = [...new Set(keys)]
  if (different.length === 0) return
  const [only] = different
  if (different.length === 1 && only !== undefined) await deleteOne(store, only, signal)
  else if (store.traits.deletesMany) await deleteMany(store, different, signal)
  else await deleteEach(store, different, signal)
}

async function deleteMany(store: Store, keys: readonly BlobKey[], signal: AbortSignal | undefined): Promise<void> {
  const call: FailedCall = { operation: 'delete', request: 'DeleteObjects' }
  const Objects = keys.map((key) => ({ Key: objectKey(store, key) }))
  try {
    const { Deleted = [], Errors = [] } = await sendBatch(store, { call, Objects, signal })
    // In the body of a 200, one for each object that is still there.
    const failed = Errors.find(({ Code }) => Code !== 'NoSuchKey')
    if (failed !== undefined) throw translate({ name: failed.Code, message: failed.Message }, call)
    // Each by its name: the engine forgets a blob that it believes deleted.
    const gone = new Set([...Deleted, ...Errors].map(({ Key }) => Key))
    if (!Objects.every(({ Key }) => gone.has(Key))) throw incompleteAnswer(call)
  } catch (error) {
    if (!isStorageError(error) || !lacksOperation(error.cause)) throw error
    store.traits.deletesMany = false
    await deleteEach(store, keys, signal)
  }
}

/** A request of `DeleteObjects`. */
interface Batch {
  readonly call: FailedCall
  readonly Objects: { readonly Key: string }[]
  readonly signal: AbortSignal | undefined
}

/**
 * The vendor's client adds a CRC-32. Services that know none of those, or not here, want the digest that S3 had here from the beginning, and
 * each says so in its own words: a 400 that names nothing else is asked again with it, and what helped is remembered.
 */
async function sendBatch(store: Store, { call, Objects, signal }: Batch): Promise<DeleteObjectsCommandOutput> {
  const { traits } = store
  const send = (withMd5: boolean): Promise<DeleteObjectsCommandOutput> => {
    const command = new DeleteObjectsCommand({ Bucket: store.options.bucket, Delete: { Objects } })
    if (withMd5) command.middlewareStack.add(WITH_MD5, ADDING_HEADERS)
    return attempt(store, { call, signal }, (sent) => store.client.send(command, sent))
  }
  const withMd5 = traits.deletesWithMd5 || traits.checksum === 'md5'
  try {
    return await send(withMd5)
  } catch (error) {
    if (withMd5 || !isStorageError(error) || !isUnnamed(error.cause) || statusOf(error.cause) !== 400) throw error
    const answer = await send(true)
    traits.deletesWithMd5 = true
    return answer
  }
}

/** Services without this operation take it for another one (`POST ?delete`), or refuse it in a word of their own. */
function lacksOperation(cause: unknown): boolean {
  return isUnsupported(cause) || statusOf(cause) === 405 || statusOf(cause) === 501
}

async function deleteEach(store: Store, keys: readonly BlobKey[], signal: AbortSignal | undefined): Promise<void> {
  const limit = pLimit(SINGLE_CONCURRENCY)
  const outcomes = await Promise.allSettled(keys.map((key) => limit(() => deleteOne(store, key, signal))))
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

async function deleteOne(store: Store, key: BlobKey, signal: AbortSignal | undefined): Promise<void> {
  const call: FailedCall = { operation: 'delete', key, request: 'DeleteObject' }
  try {
    await attempt(store, { call, signal }, (sent) => store.client.send(new DeleteObjectCommand(objectOf(store, key)), sent))
  } catch (error) {
    // S3 says 204; some services say that it is not there.
    const reason = await explainNotFound(store, key, { error, operation: 'delete', signal })
    if (!(isStorageError(reason) && reason.code === 'BlobNotFound')) throw reason
  }
}

function md5Of(body: unknown): string {
  const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : ''
  return createHash('md5').update(bytes).digest('base64')
}
