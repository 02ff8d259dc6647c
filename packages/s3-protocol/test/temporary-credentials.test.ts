import { once } from 'node:events'
import { createHash, createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as sdk from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { accountCaller, openEngine, rules } from '@stowage/core'
import type { Engine } from '@stowage/core'
import { memoryBackend } from '@stowage/core/backend'
import { sqliteMetadata } from '@stowage/core/sqlite'
import {
  createOpaqueKey,
  firstCredential,
  jwtSecret,
  JwtVerifier,
  localKeys,
  MemoryRevocations,
  parseR2AccessPolicies,
  r2LocalCredentials,
  sessionTokenCredentials,
  SUPABASE_ROLES,
  TemporaryCredentials,
  tokenKeys,
} from '@stowage/credentials'
import type { S3Credential, StsParameters } from '@stowage/credentials'
import { attach } from '@stowage/http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { s3Handler } from '../src/index.ts'
import type { CredentialResolver } from '../src/index.ts'

const ACCOUNT = '4793d734c0b8e484dfc37ec392b5fa8a'
const PROJECT = 'abcdefghijklmnopqrst'
const HOST = `${ACCOUNT}.r2.example`
const PUBLISHABLE = [createOpaqueKey('publishable', PROJECT), createOpaqueKey('publishable', PROJECT)]
const JWT_SECRET = Buffer.alloc(32, 'jwt secret')
const PARENT = { accessKeyId: 'c0ffee'.repeat(5), secretAccessKey: 'f'.repeat(64) }
const STS: StsParameters = { durationSeconds: null, policy: null, roleArn: null, roleSessionName: null }

// The time of the server; clients have their own, which is a few milliseconds off at most.
const clock = (): Date => new Date()
const seconds = (): number => Math.floor(clock().getTime() / 1000)
const verifier = new JwtVerifier({ keys: [localKeys([jwtSecret(JWT_SECRET)])], clock })
const revocations = new MemoryRevocations(clock)
const keys = new Map<string, S3Credential>()
const parents = { find: (id: string): S3Credential | null => keys.get(id) ?? null }
const temporary = new TemporaryCredentials({
  keys: tokenKeys({ purpose: 'sts', project: PROJECT, secrets: [{ kid: '1', secret: Buffer.alloc(32, 1) }] }),
  audience: 'https://sts.example',
  clock,
  parents,
  revocations,
  verifier,
  roles: SUPABASE_ROLES,
  account: 'project',
})
const session = { projectRef: PROJECT, publicKeys: () => PUBLISHABLE, verifier, account: 'project' }
const credentials: CredentialResolver = firstCredential([
  temporary,
  sessionTokenCredentials(session),
  r2LocalCredentials({ parents, accountId: ACCOUNT, endpoints: new Map([[HOST, 'default']]), clock }),
  parents,
])

let engine: Engine
let server: Server
let port = 0

function jwt(claims: object, secret: string | Buffer = JWT_SECRET): string {
  const text = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = `${text({ alg: 'HS256', typ: 'JWT' })}.${text({ iat: seconds(), exp: seconds() + 900, ...claims })}`
  return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`
}

type Shown = { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string }
const clients: sdk.S3Client[] = []
function client({ accessKeyId, secretAccessKey, sessionToken }: Shown): sdk.S3Client {
  const shown = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
  const made = new sdk.S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: shown,
    maxAttempts: 1,
  })
  clients.push(made)
  return made
}

const get = (shown: Shown, Key: string, Bucket = 'photos'): Promise<string> =>
  attempt(
    client(shown)
      .send(new sdk.GetObjectCommand({ Bucket, Key }))
      .then((found) => found.Body?.transformToString() ?? ''),
  )
const put = (shown: Shown, Key: string, Bucket = 'photos'): Promise<string> =>
  attempt(
    client(shown)
      .send(new sdk.PutObjectCommand({ Bucket, Key, Body: 'new' }))
      .then(() => 'done'),
  )

async function attempt(answer: Promise<string>): Promise<string> {
  try {
    return await answer
  } catch (error) {
    return error instanceof sdk.S3ServiceException ? error.name : String(error)
  }
}

beforeAll(async () => {
  const own = { k: 'cmp', op: '=', a: { k: 'col', n: 'owner_id' }, b: { k: 'ctx', f: 'sub' } } as const
  const policy = rules([
    { effect: 'allow', who: { owner: true }, actions: 'all' },
    { effect: 'allow', who: { role: 'authenticated' }, actions: ['object.read', 'object.write'], when: own },
  ])
  engine = await openEngine({ metadata: sqliteMetadata({ temporary: true, worker: 'inline' }), backend: memoryBackend(), policy })
  for (const name of ['photos', 'other']) await engine.as(accountCaller('project')).createBucket({ bucket: { name } })
  server = createServer()
  attach(server, s3Handler({ engine, region: 'us-east-1', credentials }))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
  keys.set(PARENT.accessKeyId, {
    id: 'key-1',
    version: '1',
    secretAccessKey: PARENT.secretAccessKey,
    caller: accountCaller('project', 'key-1'),
  })
  for (const key of ['a/1', 'b/1']) expect(await put(PARENT, key)).toBe('done')
})

afterAll(async () => {
  for (const each of clients) each.destroy()
  server.closeAllConnections()
  server.close()
  await engine.close()
})

describe('the session of a user', () => {
  const user = (sub: string): Shown => ({
    accessKeyId: PROJECT,
    secretAccessKey: PUBLISHABLE[0] ?? '',
    sessionToken: jwt({ role: 'authenticated', sub }),
  })

  test('reads and writes what is the user’s, signed with any public key', async () => {
    expect(await put(user('ann'), 'ann.txt')).toBe('done')
    expect(await get({ ...user('ann'), secretAccessKey: PUBLISHABLE[1] ?? '' }, 'ann.txt')).toBe('new')
    expect(await get(user('bob'), 'ann.txt')).toMatch(/NoSuchKey|AccessDenied/)
    expect(await get(user('ann'), 'a/1')).toMatch(/NoSuchKey|AccessDenied/)
  })

  test('is refused with another secret, and with a token that is not good', async () => {
    expect(await get({ ...user('ann'), secretAccessKey: 'x' }, 'ann.txt')).toBe('SignatureDoesNotMatch')
    const { accessKeyId, secretAccessKey } = user('ann')
    expect(await get({ accessKeyId, secretAccessKey }, 'ann.txt')).toBe('InvalidAccessKeyId')
    expect(await get({ ...user('ann'), sessionToken: jwt({ role: 'authenticated', sub: 'ann', exp: seconds() - 1 }) }, 'ann.txt')).toBe(
      'ExpiredToken',
    )
    expect(await get({ ...user('ann'), sessionToken: jwt({ role: 'service_role' }) }, 'ann.txt')).toBe('InvalidToken')
    expect(await get({ ...user('ann'), sessionToken: `${user('ann').sessionToken}x` }, 'ann.txt')).toBe('InvalidToken')
    expect(await get({ ...user('ann'), accessKeyId: 'another' }, 'ann.txt')).toBe('InvalidAccessKeyId')
    // A static key has no token.
    expect(await get({ ...PARENT, sessionToken: user('ann').sessionToken ?? '' }, 'a/1')).toBe('InvalidToken')
  })

  test('presigns a URL that is the session', async () => {
    await put(user('ann'), 'ann.txt')
    const url = await getSignedUrl(client(user('ann')), new sdk.GetObjectCommand({ Bucket: 'photos', Key: 'ann.txt' }), { expiresIn: 60 })
    const answer = await fetch(url)
    expect([answer.status, await answer.text()]).toEqual([200, 'new'])
  })
})

describe('a temporary credential', () => {
  test('of a user reads what the user reads', async () => {
    const webIdentityToken = jwt({ role: 'authenticated', sub: 'carl' })
    const made = await temporary.assumeRoleWithWebIdentity({ action: 'AssumeRoleWithWebIdentity', webIdentityToken, ...STS })
    expect(await put(made, 'carl.txt')).toBe('done')
    expect(await get(made, 'carl.txt')).toBe('new')
    expect(await get(made, 'a/1')).toMatch(/NoSuchKey|AccessDenied/)
    const session: Shown = { accessKeyId: PROJECT, secretAccessKey: PUBLISHABLE[0] ?? '', sessionToken: webIdentityToken }
    expect(await get(session, 'carl.txt')).toBe('new')
  })

  test('of a key does what was asked for, until it is taken back', async () => {
    const parent = { accessKeyId: PARENT.accessKeyId, credential: keys.get(PARENT.accessKeyId)! }
    const scope = { prefixes: ['a/'], operations: new Set(['GetObject'] as const) }
    const made = await temporary.issueFromKey({ parent, scope, durationSeconds: 900 })
    expect(await get(made, 'a/1')).toBe('new')
    expect(await get(made, 'b/1')).toBe('AccessDenied')
    expect(await put(made, 'a/1')).toBe('AccessDenied')
    expect(await get({ ...made, secretAccessKey: createHash('sha256').update(made.sessionToken).digest('hex') }, 'a/1')).toBe(
      'SignatureDoesNotMatch',
    )
    expect(await get({ accessKeyId: made.accessKeyId, secretAccessKey: made.secretAccessKey }, 'a/1')).toBe('InvalidAccessKeyId')
    const claims = JSON.parse(Buffer.from(made.sessionToken.split('.')[1] ?? '', 'base64url').toString()) as { readonly jti: string }
    revocations.revoke({ jti: claims.jti })
    expect(await get(made, 'a/1')).toBe('InvalidToken')
  })
})

describe('credentials of R2', () => {
  test('that were signed elsewhere read one bucket under one prefix', async () => {
    const claims = {
      bucket: 'photos',
      scope: 'object-read-only',
      paths: { prefixPaths: ['a/'] },
      sub: ACCOUNT,
      iss: PARENT.accessKeyId,
      aud: HOST,
    }
    const token = jwt(claims, PARENT.secretAccessKey)
    const shown: Shown = {
      accessKeyId: PARENT.accessKeyId,
      secretAccessKey: createHash('sha256').update(token).digest('hex'),
      sessionToken: Buffer.from(`jwt/${token}`).toString('base64'),
    }
    expect(await get(shown, 'a/1')).toBe('new')
    expect(await get(shown, 'b/1')).toBe('AccessDenied')
    expect(await put(shown, 'a/1')).toBe('AccessDenied')
    expect(await get(shown, 'a/1', 'other')).toBe('AccessDenied')
    const listed = await client(shown).send(new sdk.ListObjectsV2Command({ Bucket: 'photos' }))
    expect(listed.Contents?.map(({ Key }) => Key)).toEqual(['a/1'])
    const copy = new sdk.CopyObjectCommand({ Bucket: 'photos', Key: 'a/2', CopySource: 'photos/b/1' })
    expect(
      await attempt(
        client(shown)
          .send(copy)
          .then(() => 'done'),
      ),
    ).toBe('AccessDenied')
  })

  test('are limited by the access policies of their token', async () => {
    const resources = { [`com.cloudflare.edge.r2.bucket.${ACCOUNT}_default_photos`]: '*' }
    const policies = [
      { id: '1', effect: 'allow', resources, permission_groups: [{ id: '2', name: 'Workers R2 Storage Bucket Item Read' }] },
    ]
    const caller = { ...accountCaller('project', 'r2'), scope: parseR2AccessPolicies(policies, ACCOUNT) }
    const token: Shown = { accessKeyId: 'a'.repeat(32), secretAccessKey: 'e'.repeat(64) }
    keys.set(token.accessKeyId, { id: 'r2', version: '1', secretAccessKey: token.secretAccessKey, caller })
    expect(await get(token, 'b/1')).toBe('new')
    expect(await put(token, 'b/1')).toBe('AccessDenied')
    expect(await get(token, 'b/1', 'other')).toBe('AccessDenied')
    expect(
      await attempt(
        client(token)
          .send(new sdk.ListBucketsCommand({}))
          .then(() => 'done'),
      ),
    ).toBe('AccessDenied')
  })
})
