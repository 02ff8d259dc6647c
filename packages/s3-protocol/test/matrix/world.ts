import { Buffer } from 'node:buffer'
import { createHash, createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { accountCaller, openEngine, storedPolicies } from '@stowage/core'
import type { BucketAddress, Caller, Engine, Policy, Session, StoredPolicies } from '@stowage/core'
import type { RowPolicy } from '@stowage/core/policy'
import { memoryBackend } from '@stowage/core/backend'
import { sqliteMetadata } from '@stowage/core/sqlite'
import {
  createOpaqueKey,
  firstCredential,
  jwtSecret,
  JwtVerifier,
  localKeys,
  MemoryRevocations,
  r2LocalCredentials,
  sessionTokenCredentials,
  SUPABASE_ROLES,
  TemporaryCredentials,
  tokenKeys,
} from '@stowage/credentials'
import type { S3Credential, StsParameters } from '@stowage/credentials'
import { attach } from '@stowage/http'
import type { HttpHandler } from '@stowage/http'
import { s3Handler } from '../../src/index.ts'
import type { CredentialResolver } from '../../src/index.ts'

const PROJECT = 'abcdefghijklmnopqrst'
const R2_ACCOUNT = '4793d734c0b8e484dfc37ec392b5fa8a'
const R2_HOST = `${R2_ACCOUNT}.r2.example`
const JWT_SECRET = Buffer.alloc(32, 'jwt secret')
const PUBLISHABLE = createOpaqueKey('publishable', PROJECT)

/** What a client was given. */
export interface Shown {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** Static keys, by what they are. Ann owns the bucket; the account of all but Bob's is hers. */
export const KEYS = {
  owner: { accessKeyId: 'ANNSKEY', secretAccessKey: 'the secret of Ann, long enough to sign tokens' },
  other: { accessKeyId: 'BOBSKEY', secretAccessKey: 'the secret of Bob' },
  readOnly: { accessKeyId: 'READERSKEY', secretAccessKey: 'the secret of a reader' },
  expired: { accessKeyId: 'EXPIREDKEY', secretAccessKey: 'the secret of yesterday' },
  bypass: { accessKeyId: 'SERVICEKEY', secretAccessKey: 'the secret of a service' },
  unknown: { accessKeyId: 'NOBODYSKEY', secretAccessKey: 'the secret of nobody' },
} as const satisfies Readonly<Record<string, Shown>>

export const BUCKET = 'photos'
export const KEY = 'folder/k'
/** What no refused request may ever be shown. */
export const CONTENT = 'what lies in the bucket'
/** Hers too, for who wants to delete one. */
export const EMPTY_BUCKET = 'bare'
/** Lets nobody in who is in the matrix; there to be read, replaced and deleted. */
export const BUCKET_POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: 'carl' }, Action: 's3:GetObject', Resource: `arn:aws:s3:::${BUCKET}/*` }],
})
const address: BucketAddress = { name: BUCKET }

const clock = (): Date => new Date()
const seconds = (): number => Math.floor(clock().getTime() / 1000)

export function jwt(claims: object, secret: string | Buffer = JWT_SECRET): string {
  const text = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = `${text({ alg: 'HS256', typ: 'JWT' })}.${text({ iat: seconds(), exp: seconds() + 900, ...claims })}`
  return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`
}

export const verifier = new JwtVerifier({ keys: [localKeys([jwtSecret(JWT_SECRET)])], clock })
const READS = ['GetObject', 'HeadObject', 'HeadBucket', 'ListObjects', 'ListObjectVersions', 'ListParts', 'ListMultipartUploads'] as const

const callers: ReadonlyMap<string, { readonly caller: Caller; readonly expiresAt?: Date }> = new Map([
  [KEYS.owner.accessKeyId, { caller: accountCaller('ann', 'owner') }],
  [KEYS.other.accessKeyId, { caller: accountCaller('bob', 'other') }],
  [KEYS.expired.accessKeyId, { caller: accountCaller('ann', 'expired'), expiresAt: new Date(Date.now() - 1000) }],
  [
    KEYS.readOnly.accessKeyId,
    {
      caller: {
        ...accountCaller('ann', 'reader'),
        scope: { buckets: [{ jurisdiction: 'default', name: BUCKET }], operations: new Set(READS) },
      },
    },
  ],
  [
    KEYS.bypass.accessKeyId,
    {
      caller: {
        ...accountCaller('ann', 'bypass'),
        principal: { kind: 'role', role: 'service_role', sub: null, claims: {}, bypassRls: true },
      },
    },
  ],
])
const keys = {
  find(id: string): S3Credential | null {
    const shown = Object.values(KEYS).find(({ accessKeyId }) => accessKeyId === id)
    const known = callers.get(id)
    return shown === undefined || known === undefined ? null : { id, version: '1', secretAccessKey: shown.secretAccessKey, ...known }
  },
}
const temporary = new TemporaryCredentials({
  keys: tokenKeys({ purpose: 'sts', project: PROJECT, secrets: [{ kid: '1', secret: Buffer.alloc(32, 1) }] }),
  audience: 'https://sts.example',
  clock,
  parents: keys,
  revocations: new MemoryRevocations(clock),
  verifier,
  roles: SUPABASE_ROLES,
  account: 'ann',
})
const credentials: CredentialResolver = firstCredential([
  temporary,
  sessionTokenCredentials({ projectRef: PROJECT, publicKeys: () => [PUBLISHABLE], verifier, account: 'ann' }),
  r2LocalCredentials({ parents: keys, accountId: R2_ACCOUNT, endpoints: new Map([[R2_HOST, 'default']]), clock }),
  keys,
])
const STS: StsParameters = { durationSeconds: null, policy: null, roleArn: null, roleSessionName: null }

/** The session of a user: project, public key, and the user's token. */
export function userSession(token: string): Required<Shown> {
  return { accessKeyId: PROJECT, secretAccessKey: PUBLISHABLE, sessionToken: token }
}

/** Temporary credentials of the token service, from the same token. */
export async function webIdentity(webIdentityToken: string): Promise<Required<Shown>> {
  return temporary.assumeRoleWithWebIdentity({ action: 'AssumeRoleWithWebIdentity', webIdentityToken, ...STS })
}

/** What R2's clients sign for themselves: to read one bucket. */
export function r2ReadOnly(): Required<Shown> {
  const { accessKeyId, secretAccessKey } = KEYS.owner
  const token = jwt({ bucket: BUCKET, scope: 'object-read-only', sub: R2_ACCOUNT, iss: accessKeyId, aud: R2_HOST }, secretAccessKey)
  const secret = createHash('sha256').update(token).digest('hex')
  return { accessKeyId, secretAccessKey: secret, sessionToken: Buffer.from(`jwt/${token}`).toString('base64') }
}

/** Finds credentials as the server does: for who wants to know the caller of one. */
export async function callerOf({ accessKeyId, sessionToken }: Required<Shown>): Promise<Caller> {
  const found = await credentials.find(accessKeyId, sessionToken)
  if (found === null || 'refused' in found) throw new Error('The credential was refused.')
  return found.caller
}

/** A server whose buckets can be put back to what they were. */
export interface World {
  readonly port: number
  readonly engine: Engine
  readonly stored: StoredPolicies
  /** Of the one upload that is open. */
  readonly uploadId: string
  readonly faults: readonly unknown[]
  /** How many statements have changed the database, or might have. */
  readonly writes: number
  /** Everything that there is, bytes included, as one text. */
  inventory(): Promise<string>
  /** All new, as it was at the beginning. */
  reset(): Promise<void>
  close(): Promise<void>
}

export interface WorldOptions {
  /** Hears of every question to the policy. */
  readonly wrapPolicy?: (policy: Policy) => Policy
  /** Default: signed-in users may see every row. */
  readonly policies?: readonly RowPolicy[]
}

const SEE: readonly RowPolicy[] = (['objects', 'buckets'] as const).map((table) => ({
  name: `see ${table}`,
  table,
  mode: 'permissive',
  command: 'select',
  roles: ['authenticated'],
  using: { k: 'lit', t: 'bool', v: true },
}))

/** Ann's bucket with one object and one upload; signed-in users may see it, and do no more. */
export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const faults: unknown[] = []
  let made = await newEngine(options)
  let handler: HttpHandler = handlerOf(made.engine, faults)
  const server = createServer({ requestTimeout: 0 })
  attach(server, (request) => handler(request), { onFault: (error) => void faults.push(error), lingerMilliseconds: 50 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    get engine() {
      return made.engine
    },
    get stored() {
      return made.stored
    },
    get uploadId() {
      return made.uploadId
    },
    faults,
    get writes() {
      return made.written()
    },
    inventory: () => inventoryOf(made.engine),
    async reset() {
      const before = made.engine
      made = await newEngine(options)
      handler = handlerOf(made.engine, faults)
      await before.close()
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await made.engine.close()
    },
  }
}

function handlerOf(engine: Engine, faults: unknown[]): HttpHandler {
  const observer = { event: (name: string, fields: Readonly<Record<string, unknown>>) => void faults.push({ name, ...fields }) }
  return s3Handler({ engine, region: 'us-east-1', credentials, observer })
}

async function newEngine({ wrapPolicy = (policy) => policy, policies = SEE }: WorldOptions): Promise<{
  readonly engine: Engine
  readonly stored: StoredPolicies
  readonly uploadId: string
  readonly written: () => number
}> {
  let written = 0
  const metadata = sqliteMetadata({ temporary: true, worker: 'inline', onStatement: () => void (written += 1) })
  const stored = storedPolicies({ metadata })
  const engine = await openEngine({ metadata, backend: memoryBackend(), policy: wrapPolicy(stored), hashWorkers: { threadsMax: 0 } })
  const ann = engine.as(accountCaller('ann'))
  await ann.createBucket({ bucket: address })
  await ann.putObject({ bucket: address, key: KEY, body: Buffer.from(CONTENT) })
  const { uploadId } = await ann.createUpload({ bucket: address, key: KEY })
  await ann.uploadPart({ bucket: address, key: KEY, uploadId, partNumber: 1, body: Buffer.from(CONTENT) })
  await ann.createBucket({ bucket: { name: EMPTY_BUCKET } })
  await ann.putBucketPolicy({ bucket: address, policy: BUCKET_POLICY })
  await engine.as(accountCaller('bob')).createBucket({ bucket: { name: 'bobs' } })
  await stored.change({ putPolicies: policies })
  return { engine, stored, uploadId, written: () => written }
}

async function inventoryOf(engine: Engine): Promise<string> {
  const all: unknown[] = []
  for (const account of ['ann', 'bob', 'anybody']) {
    const session = engine.as(accountCaller(account))
    for (const bucket of (await session.listBuckets()).buckets) all.push(account, bucket, ...(await bucketOf(session, bucket.name)))
  }
  return JSON.stringify(all)
}

async function bucketOf(session: Session, name: string): Promise<readonly unknown[]> {
  const bucket = { name }
  const { versions } = await session.listVersions({ bucket })
  const { uploads } = await session.listUploads({ bucket })
  const policy = await session.getBucketPolicy({ bucket }).catch(() => null)
  const all: unknown[] = [versions, uploads, policy]
  for (const { key, versionId, deleteMarker } of versions) {
    if (deleteMarker) continue
    const found = await session.getObject({ bucket, key, versionId })
    all.push(Buffer.from(found.bytes ?? new Uint8Array()).toString('base64'), found.info)
    found.close()
  }
  for (const { key, uploadId } of uploads) all.push((await session.listParts({ bucket, key, uploadId })).parts)
  return all
}
