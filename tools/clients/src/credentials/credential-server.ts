import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { storedPolicies } from '@stowage/core'
import type { RowPolicy } from '@stowage/core'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { startTestServer } from '../test-server.ts'
import type { TestServer } from '../test-server.ts'

/** The bucket, of the account root. */
export const BUCKET = 'photos'
/** Where the credentials may write; users among what is theirs only. */
export const OWN_PREFIX = 'own/'
export const PROJECT = 'matrix'
/** What R2's clients sign their own credentials for. */
export const R2_ENDPOINT = 'root.r2.test'

const POLICIES: readonly RowPolicy[] = [
  {
    name: 'everybody sees buckets',
    table: 'buckets',
    mode: 'permissive',
    command: 'select',
    roles: ['authenticated'],
    using: { k: 'lit', t: 'bool', v: true },
  },
  {
    name: 'users have what is theirs',
    table: 'objects',
    mode: 'permissive',
    command: 'all',
    roles: ['authenticated'],
    using: { k: 'cmp', op: '=', a: { k: 'col', n: 'owner_id' }, b: { k: 'ctx', f: 'sub' } },
  },
]

/** Starts a server with a bucket, and policies for the users of a project that is still to be made. */
export async function startCredentialServer(directory: string): Promise<TestServer> {
  const data = join(directory, 'data')
  await mkdir(data, { mode: 0o700 })
  const metadata = sqliteMetadata({ file: join(data, 'metadata.sqlite'), worker: 'inline' })
  await metadata.open()
  try {
    await storedPolicies({ metadata }).change({ putPolicies: POLICIES })
  } finally {
    await metadata.close()
  }
  return startTestServer(directory, 'http', ['--bucket', BUCKET, '--r2-endpoint', R2_ENDPOINT])
}
