import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { BlobKey } from '@stowage/core/backend'
import { ADDING_HEADERS } from './adding-headers.ts'
import type { FailedCall } from './errors.ts'
import type { Part } from './filling-part.ts'
import { encodeCrc32 } from './part-digests.ts'
import { resolveOutcome } from './resolve-outcome.ts'
import { sendVerified } from './send-verified.ts'
import { signingBody } from './signing-body.ts'
import { attempt, objectOf } from './store.ts'
import type { Store } from './store.ts'

/**
 * Writes a blob in one request. There is no condition on the name: the engine never uses one twice, and a request that is repeated, because
 * its answer was lost, must find what it wrote itself. `isLetGo`: as of `sendVerified`.
 */
export async function putObject(
  store: Store,
  key: BlobKey,
  { part, signal }: { readonly part: Part; readonly signal: AbortSignal },
): Promise<{ readonly isLetGo: boolean }> {
  const call: FailedCall = { operation: 'put', request: 'PutObject' }
  const { bytes } = part
  try {
    return await sendVerified(store, { part, call }, (digest) => {
      const command = new PutObjectCommand({ ...objectOf(store, key), ...digest, Body: bytes, ContentLength: bytes.length })
      command.middlewareStack.add(signingBody(store, { part, digest }), ADDING_HEADERS)
      return attempt(store, { call, signal }, (options) => store.client.send(command, options))
    })
  } catch (error) {
    await resolveOutcome(store, key, { error, signal, expected: { size: bytes.length, crc32: encodeCrc32(part.crc32) } })
    return { isLetGo: false }
  }
}
