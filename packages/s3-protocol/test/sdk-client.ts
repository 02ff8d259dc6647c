import { S3Client } from '@aws-sdk/client-s3'
import type { KeyPair } from './signer.ts'

/** The AWS SDK, as somebody who uses a server of this process. Destroy it. */
export function sdkClient(port: number, { accessKeyId, secretAccessKey }: KeyPair): S3Client {
  const credentials = { accessKeyId, secretAccessKey }
  return new S3Client({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', forcePathStyle: true, credentials })
}
