import { S3Client } from '@aws-sdk/client-s3'
import type { Ready } from './server.ts'

/** The AWS SDK as a user of a server, without retries: an error is to be seen. Destroy it. */
export function clientOf({ endpoint, region, accessKeyId, secretAccessKey }: Ready): S3Client {
  return new S3Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, forcePathStyle: true, maxAttempts: 1 })
}
