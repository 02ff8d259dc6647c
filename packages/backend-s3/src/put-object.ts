import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { BlobKey } from '@stowage/core/backend'
import type { FailedCall } from './errors.ts'
import { crc32Of, encodeCrc32 } from './part-digests.ts'
import { resolveOutcome } from './resolve-outcome.ts'
import { sendVerified } from './send-verified.ts'
import { attempt, objectOf } from './store.ts'
import type { Store } from './store.ts'

/**
 * Writes a blob in one request. There is no condition on the name: the engine never uses one twice, and a request that is repeated, because
 * its answer was lost, must find what it wrote itself.
 */
export async function putObject(
  store: Store,
  key: BlobKey,
  { bytes, signal }: { readonly bytes: Buffer; readonly signal: AbortSignal },
): Promise<void> {
  const call: FailedCall = { operation: 'put', request: 'PutObject' }
  try {
    await sendVerified(store, { bytes, call }, (digest) =>
      attempt(store, { call, signal }, (options) =>
        store.client.send(new PutObjectCommand({ ...objectOf(store, key), ...digest, Body: bytes, ContentLength: bytes.length }), options),
      ),
    )
  } catch (error) {
    const expected = { size: bytes.length, crc32: encodeCrc32(crc32Of(bytes)) }
    await resolveOutcome(store, key, { error, signal, expected })
  }
}
