import { createHash } from 'node:crypto'
import type { BlobKey } from '@stowage/core/backend'
import { ChecksumFailure } from './errors.ts'
import { removeGeneration } from './find-object.ts'
import { FACTS, formatCrc32c, parseFactsText } from './object-facts.ts'
import { objectName, uploadPath, withQuery } from './object-path.ts'
import { Refusal } from './refusal.ts'
import { leavesDoubt, withRetries } from './retry.ts'
import type { Store } from './store.ts'
import { checkStored, forgetLater, OBJECT_METADATA, removeLeft, resolveConflict } from './upload-facts.ts'
import type { Content } from './upload-facts.ts'

/** A blob that is all there. */
export interface SimpleUpload {
  readonly key: BlobKey
  readonly pieces: readonly Uint8Array[]
  readonly content: Content
  readonly signal: AbortSignal
}

/** Makes an object of a blob in one request (`uploadType=multipart`); the service holds the bytes against their CRC-32C before it does. */
export async function uploadSimple(store: Store, { key, pieces, content, signal }: SimpleUpload): Promise<void> {
  const target = withQuery(uploadPath(store.options), { uploadType: 'multipart', ifGenerationMatch: '0', fields: FACTS })
  const { headers, body } = multipart(objectName(store.options, key), pieces, content)
  // What an earlier attempt has left damaged: it stands in the way of the next.
  let left: string | null = null
  try {
    await withRetries({ store, signal }, async (attempt) => {
      if (left !== null) await removeGeneration(store, key, left)
      left = null
      try {
        const { body: answer } = await store.transport.ask({ method: 'POST', target, headers, body, signal })
        await checkStored(store, key, { facts: parseFactsText(answer), content })
      } catch (error) {
        if (error instanceof ChecksumFailure) left = error.left
        if (!(error instanceof Refusal)) throw error
        await resolveConflict(store, key, { refusal: error, attempt, content, signal })
      }
    })
  } catch (error) {
    if (left !== null) removeLeft(store, key, left)
    if (signal.aborted || leavesDoubt(error)) forgetLater(store, key, content)
    throw error
  }
}

/** The metadata and the bytes in one body (RFC 2387). */
function multipart(
  name: string,
  pieces: readonly Uint8Array[],
  { crc32c }: Content,
): { readonly headers: Record<string, string>; readonly body: readonly Uint8Array[] } {
  // The bytes may be anybody's: they must not be able to contain it. Nobody knows the name of a blob before the blob is there.
  const boundary = createHash('sha256').update(name).digest('hex')
  const metadata = JSON.stringify({ ...OBJECT_METADATA, name, crc32c: formatCrc32c(crc32c) })
  const head = `--${boundary}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n${metadata}\r\n--${boundary}\r\ncontent-type: ${OBJECT_METADATA['contentType']}\r\n\r\n`
  return {
    headers: { 'content-type': `multipart/related; boundary=${boundary}` },
    body: [Buffer.from(head), ...pieces, Buffer.from(`\r\n--${boundary}--\r\n`)],
  }
}
