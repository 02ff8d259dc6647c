import { after, describe, test } from 'node:test'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { s3Backend } from '@stowage/backend-s3'
import type { S3BackendOptions, S3Checksum } from '@stowage/backend-s3'
import { backendCases, runCases } from '@stowage/conformance'
import type { BlobKey } from '@stowage/core/backend'

/*
 * The suite of backends over `@stowage/backend-s3` on a service that somebody else runs. What the environment says:
 * STOWAGE_TEST_S3_BUCKET; STOWAGE_TEST_S3_ENDPOINT, _REGION, _ACCESS_KEY_ID, _SECRET_ACCESS_KEY (else what the vendor's client finds);
 * STOWAGE_TEST_S3_CHECKSUM (auto, crc32, md5); STOWAGE_TEST_S3_MAKE=1 to make the bucket; STOWAGE_TEST_S3_EVIDENCE for the report.
 * Everything is written under a prefix of its own, and removed at the end.
 */
const root = `stowage-conformance-${Date.now().toString(36)}`
const service = serviceOf(process.env)
if (process.env['STOWAGE_TEST_S3_MAKE'] === '1') await makeBucket(service)

let cases = 0
void describe('s3', () => {
  runCases((name, run) => test(name, { timeout: 300_000 }, run), backendCases, {
    open: async () => s3Backend({ ...service, prefix: `${root}/${(cases += 1)}`, presigning: true }),
    facets: ['copying', 'joining', 'unfinished', 'presigning'],
    ...(process.env['STOWAGE_TEST_S3_EVIDENCE'] === undefined ? {} : { evidence: process.env['STOWAGE_TEST_S3_EVIDENCE'] }),
  })
})

after(async () => {
  for (let number = 1; number <= cases; number += 1) {
    const backend = s3Backend({ ...service, prefix: `${root}/${number}` })
    const keys: BlobKey[] = []
    for await (const { key } of backend.list({ prefix: '' })) keys.push(key)
    for (let at = 0; at < keys.length; at += backend.limits.deleteBatchMax) {
      await backend.delete(keys.slice(at, at + backend.limits.deleteBatchMax))
    }
    await backend.close()
  }
})

function serviceOf(env: NodeJS.ProcessEnv): S3BackendOptions {
  const setting = (name: string): string | undefined => env[`STOWAGE_TEST_S3_${name}`]
  const bucket = setting('BUCKET')
  if (bucket === undefined) throw new Error('STOWAGE_TEST_S3_BUCKET names no bucket.')
  const endpoint = setting('ENDPOINT')
  const region = setting('REGION')
  const accessKeyId = setting('ACCESS_KEY_ID')
  const secretAccessKey = setting('SECRET_ACCESS_KEY')
  return {
    bucket,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(accessKeyId === undefined || secretAccessKey === undefined ? {} : { credentials: { accessKeyId, secretAccessKey } }),
    checksum: parseChecksum(setting('CHECKSUM') ?? 'auto'),
  }
}

function parseChecksum(word: string): S3Checksum {
  if (word === 'auto' || word === 'crc32' || word === 'md5') return word
  throw new Error(`STOWAGE_TEST_S3_CHECKSUM is ${word}, and must be auto, crc32 or md5.`)
}

async function makeBucket({ bucket, endpoint, region, credentials }: S3BackendOptions): Promise<void> {
  const client = new S3Client({
    forcePathStyle: endpoint !== undefined,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined || typeof credentials === 'function' ? {} : { credentials: { ...credentials } }),
  })
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  client.destroy()
}
