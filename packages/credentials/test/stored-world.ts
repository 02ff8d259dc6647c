import { createHmac } from 'node:crypto'
import { accountCaller } from '@stowage/core'
import type { PostgresServer } from '../../core/test/postgres-server.ts'
import type { FoundS3Credential, S3Credential } from '../src/s3/s3-credential.ts'
import { StoredCredentials } from '../src/stored/stored-credentials.ts'
import type { StoredCredentialsOptions } from '../src/stored/stored-credentials.ts'
import { givenMasterKeys } from '../src/sealing/given-master-keys.ts'
import { withKeys } from './key-world.ts'
import type { KeyWorld, TestedDatabase } from './key-world.ts'

/** A key of a configuration. */
export const ROOT: S3Credential = {
  id: 'AKIAROOT',
  version: '1',
  secretAccessKey: 'the secret of root',
  caller: accountCaller('root', 'AKIAROOT'),
}

/** Stored credentials over one store, and the same as another process has them. */
export interface StoredWorld extends KeyWorld {
  readonly here: StoredCredentials
  readonly there: StoredCredentials
  readonly openStored: (options?: Partial<StoredCredentialsOptions>) => StoredCredentials
}

export async function withStored(
  database: TestedDatabase,
  postgres: PostgresServer | null,
  run: (world: StoredWorld) => Promise<void>,
): Promise<void> {
  await withKeys(database, postgres, async (world) => {
    const { store, now } = world
    const events = world.events as { name: string; fields: Readonly<Record<string, unknown>> }[]
    const openStored = (options: Partial<StoredCredentialsOptions> = {}): StoredCredentials =>
      new StoredCredentials({
        documents: store,
        masterKeys: givenMasterKeys(Buffer.alloc(32, 1)),
        observer: { event: (name, fields) => void events.push({ name, fields }) },
        clock: now,
        keys: { find: (id) => (id === ROOT.id ? ROOT : null) },
        ...options,
      })
    const [here, there] = [openStored(), openStored()]
    await run({ ...world, here, there, openStored })
    await here.close()
    await there.close()
  })
}

/** A user's token, as an issuer with a shared secret makes it; good for an hour. */
export function userJwt(secret: string, claims: object, now: Date): string {
  const text = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const seconds = Math.floor(now.getTime() / 1000)
  const head = `${text({ alg: 'HS256', typ: 'JWT' })}.${text({ iat: seconds, exp: seconds + 3600, ...claims })}`
  return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`
}

/** What a resolver says, in a word: the secrets that sign, why it refuses, or that it knows nothing of it. */
export async function verdict(found: FoundS3Credential | Promise<FoundS3Credential>): Promise<string> {
  const answer = await found
  if (answer === null) return 'unknown'
  return 'refused' in answer ? answer.refused : 'found'
}

export async function got(found: FoundS3Credential | Promise<FoundS3Credential>): Promise<S3Credential> {
  const answer = await found
  if (answer === null || 'refused' in answer) throw new Error(`not found: ${JSON.stringify(answer)}`)
  return answer
}
