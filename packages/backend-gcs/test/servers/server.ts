import { randomUUID } from 'node:crypto'
import { gcsBackend } from '../../src/gcs-backend.ts'
import type { GcsBackendOptions } from '../../src/options.ts'

/** Where an emulator answers, or null for the real service with the credentials of the environment. */
const ENDPOINT: string | null = process.env['STOWAGE_TEST_GCS_ENDPOINT'] ?? null

/**
 * Whether the server knows how far a session is. fake-gcs-server takes the question for the end of the upload, and makes an object of what
 * it has: there an upload in chunks that is interrupted can only fail.
 */
export const RESUMES: boolean = process.env['STOWAGE_TEST_GCS_RETRY_API'] !== undefined

const BUCKET = process.env['STOWAGE_TEST_GCS_BUCKET'] ?? 'stowage-test'

/** Everything of one run lies below it. */
const ROOT = `stowage-test-${randomUUID()}/`

/** Options for a backend of its own in the bucket: a fresh prefix. */
export function freshOptions(): GcsBackendOptions {
  // An emulator that has just failed need not be spared.
  return {
    bucket: BUCKET,
    retryDelaySeconds: 0.02,
    prefix: `${ROOT}${randomUUID()}/`,
    ...(ENDPOINT === null ? {} : { apiEndpoint: ENDPOINT }),
  }
}

/** Makes the bucket, on an emulator; a real one is there. */
export async function prepareBucket(): Promise<void> {
  if (ENDPOINT === null) return
  const response = await fetch(`${ENDPOINT}/storage/v1/b?project=test`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: BUCKET }),
  })
  if (!response.ok && response.status !== 409) throw new Error(`no bucket can be made: ${response.status} ${await response.text()}`)
}

/** Deletes whatever the run has left. */
export async function emptyBucket(): Promise<void> {
  const backend = gcsBackend({ ...freshOptions(), prefix: ROOT })
  await backend.init()
  const keys = []
  for await (const { key } of backend.list({ prefix: '' })) keys.push(key)
  for (let index = 0; index < keys.length; index += backend.limits.deleteBatchMax) {
    await backend.delete(keys.slice(index, index + backend.limits.deleteBatchMax))
  }
  await backend.close()
}
