import { readFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import { S3Client } from '@aws-sdk/client-s3'
import type { Target } from './client.ts'

/** The AWS SDK with its own defaults, checksums included. Destroy it. */
export async function sdkClient({ endpoint, region, accessKeyId, secretAccessKey, caFile }: Target): Promise<S3Client> {
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    ...(caFile === null ? {} : { requestHandler: { httpsAgent: new Agent({ ca: await readFile(caFile), keepAlive: true }) } }),
  })
}
