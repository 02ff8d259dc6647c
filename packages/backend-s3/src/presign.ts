import { GetObjectCommand } from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { StorageError } from '@stowage/core/backend'
import type { PresignFacet } from '@stowage/core/backend'
import { attempt, objectOf } from './store.ts'
import type { Store } from './store.ts'

/** How long a URL may be good for, in seconds: nobody can take it back. */
const EXPIRES_MAX_SECONDS = 60

/** URLs that read an object from the service itself, whoever has them, until they expire; what is revoked meanwhile does not stop them. */
export function presignFacet(store: Store): PresignFacet {
  return {
    async presignGet(key, { expiresInSeconds, contentType }) {
      if (!Number.isSafeInteger(expiresInSeconds) || expiresInSeconds < 1 || expiresInSeconds > EXPIRES_MAX_SECONDS) {
        throw new StorageError('InvalidArgument', {
          argument: 'expiresInSeconds',
          reason: `is a whole number from 1 to ${EXPIRES_MAX_SECONDS}`,
        })
      }
      const command = new GetObjectCommand({
        ...objectOf(store, key),
        ...(contentType === undefined ? {} : { ResponseContentType: contentType }),
      })
      const url = await attempt(store, { call: { operation: 'presign', key, request: 'GetObject' } }, () =>
        getSignedUrl(asClient(store.client), command, { expiresIn: expiresInSeconds }),
      )
      return new URL(url)
    },
  }
}

/** The presigner reads the configuration and the middleware of a client, which is what ours has; its type asks for the whole class. */
function asClient(client: Store['client']): S3Client {
  return client as S3Client
}
