import { once } from 'node:events'
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import * as sdk from '@aws-sdk/client-sts'
import { accountCaller, decodeScope, openEngine, rules } from '@stowage/core'
import type { Engine } from '@stowage/core'
import { memoryBackend } from '@stowage/core/backend'
import { sqliteMetadata } from '@stowage/core/sqlite'
import {
  firstCredential,
  jwtSecret,
  JwtVerifier,
  localKeys,
  MemoryRevocations,
  SUPABASE_ROLES,
  TemporaryCredentials,
  tokenKeys,
} from '@stowage/credentials'
import type { S3Credential } from '@stowage/credentials'
import { attach } from '@stowage/http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { s3Handler, stsHandler } from '../src/index.ts'

const JWT_SECRET = Buffer.alloc(32, 'jwt secret')
const PARENT: Shown = { accessKeyId: 'AKIAPARENT', secretAccessKey: 'f'.repeat(64) }
const ROLE = { RoleArn: 'arn:aws:iam::123456789012:role/reader', RoleSessionName: 'nightly' }

interface Shown {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

let advanced = 0
// The time of the server; clients have their own, which is what it is but where a test moves this one.
const clock = (): Date => new Date(Date.now() + advanced)
const keys = new Map<string, S3Credential>()
const parents = { find: (id: string): S3Credential | null => keys.get(id) ?? null }
const heard: { readonly name: string; readonly fields: Readonly<Record<string, unknown>> }[] = []
const temporary = new TemporaryCredentials({
  keys: tokenKeys({ purpose: 'sts', project: 'project', secrets: [{ kid: '1', secret: Buffer.alloc(32, 1) }] }),
  audience: 'https://sts.example',
  clock,
  parents,
  revocations: new MemoryRevocations(clock),
  verifier: new JwtVerifier({ keys: [localKeys([jwtSecret(JWT_SECRET)])], clock }),
  roles: SUPABASE_ROLES,
  account: 'project',
  readSessionPolicy: (policy) => decodeScope(JSON.parse(policy)),
})
const credentials = firstCredential([temporary, parents])

let engine: Engine
let server: Server
let endpoint = ''

function jwt(claims: object): string {
  const text = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const exp = Math.floor(clock().getTime() / 1000) + 3600
  const head = `${text({ alg: 'HS256', typ: 'JWT' })}.${text({ exp, ...claims })}`
  return `${head}.${createHmac('sha256', JWT_SECRET).update(head).digest('base64url')}`
}

const clients: { destroy(): void }[] = []
function sts(shown: Shown = PARENT, more: sdk.STSClientConfig = {}): sdk.STSClient {
  const made = new sdk.STSClient({ endpoint, region: 'us-east-1', credentials: shown, maxAttempts: 1, ...more })
  clients.push(made)
  return made
}

function shownOf({ Credentials }: sdk.AssumeRoleCommandOutput | sdk.AssumeRoleWithWebIdentityCommandOutput): Required<Shown> {
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {}
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken }
}

function s3(shown: Shown): S3Client {
  const made = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: shown, maxAttempts: 1 })
  clients.push(made)
  return made
}

const put = (shown: Shown, Key: string): Promise<unknown> => s3(shown).send(new PutObjectCommand({ Bucket: 'photos', Key, Body: 'x' }))
const get = async (shown: Shown, Key: string): Promise<string | undefined> =>
  (await s3(shown).send(new GetObjectCommand({ Bucket: 'photos', Key }))).Body?.transformToString()

/** A form as somebody without an SDK posts it. */
async function post(
  body: string,
  headers: Record<string, string> = {},
  path = '/',
): Promise<{ status: number; code: string; text: string }> {
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  const answer = await fetch(`${endpoint}${path}`, { method: 'POST', body, headers: { ...type, ...headers } })
  const text = await answer.text()
  return { status: answer.status, code: /<Code>(\w+)</.exec(text)?.[1] ?? '', text }
}

const identity = (token: string): string => `Action=AssumeRoleWithWebIdentity&Version=2011-06-15&WebIdentityToken=${token}`

beforeAll(async () => {
  const own = { k: 'cmp', op: '=', a: { k: 'col', n: 'owner_id' }, b: { k: 'ctx', f: 'sub' } } as const
  const policy = rules([
    { effect: 'allow', who: { owner: true }, actions: 'all' },
    { effect: 'allow', who: { role: 'authenticated' }, actions: ['object.read', 'object.write'], when: own },
  ])
  engine = await openEngine({ metadata: sqliteMetadata({ temporary: true, worker: 'inline' }), backend: memoryBackend(), policy })
  await engine.as(accountCaller('project')).createBucket({ bucket: { name: 'photos' } })
  const observer = { event: (name: string, fields: Readonly<Record<string, unknown>>) => void heard.push({ name, fields }) }
  const door = stsHandler({
    issuer: temporary,
    credentials,
    region: 'eu-west-1',
    clock,
    observer,
    perAddressMinuteMax: 200,
    perSubjectMinuteMax: 20,
  })
  server = createServer()
  attach(server, s3Handler({ engine, region: 'us-east-1', credentials, sts: door, domains: ['s3.example'], observer, clock }))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

beforeEach(() => {
  heard.length = 0
  keys.clear()
  const caller = accountCaller('project', PARENT.accessKeyId)
  keys.set(PARENT.accessKeyId, { id: PARENT.accessKeyId, version: '1', secretAccessKey: PARENT.secretAccessKey, caller })
})

afterAll(async () => {
  for (const each of clients) each.destroy()
  server.closeAllConnections()
  server.close()
  await engine.close()
})

describe('AssumeRole with the SDK of AWS', () => {
  test('makes a credential that works at once, and does what its session policy says', async () => {
    await put(PARENT, 'a/1')
    const Policy = JSON.stringify({ operations: ['GetObject'], prefixes: ['a/'] })
    const answer = await sts().send(new sdk.AssumeRoleCommand({ ...ROLE, Policy, DurationSeconds: 900 }))
    const made = shownOf(answer)
    expect(answer.AssumedRoleUser?.Arn).toBe('arn:aws:sts::123456789012:assumed-role/reader/nightly')
    expect(answer.$metadata.requestId).toMatch(/^[0-9A-F]{16}$/)
    expect(answer.Credentials?.Expiration?.getTime()).toBeCloseTo(clock().getTime() + 900_000, -4)
    expect(await get(made, 'a/1')).toBe('x')
    await expect(put(made, 'a/1')).rejects.toMatchObject({ name: 'AccessDenied' })
    await expect(get(made, 'b/1')).rejects.toMatchObject({ name: 'AccessDenied' })
    expect(heard).toEqual([
      {
        name: 'sts.issued',
        fields: expect.objectContaining({ action: 'AssumeRole', parent: PARENT.accessKeyId, accessKeyId: made.accessKeyId }),
      },
    ])
    for (const secret of [made.secretAccessKey, made.sessionToken, PARENT.secretAccessKey])
      expect(JSON.stringify(heard)).not.toContain(secret)
  })

  test('D22: a child can no more than its key, today and later, makes none itself, and ends with it', async () => {
    await put(PARENT, 'a/1')
    const child = shownOf(await sts().send(new sdk.AssumeRoleCommand(ROLE)))
    expect(await get(child, 'a/1')).toBe('x')
    await expect(sts(child).send(new sdk.AssumeRoleCommand(ROLE))).rejects.toMatchObject({ name: 'AccessDenied' })
    expect(await sts(child).send(new sdk.GetCallerIdentityCommand({}))).toMatchObject({ Account: 'project', UserId: child.accessKeyId })
    const key = keys.get(PARENT.accessKeyId)!
    keys.set(PARENT.accessKeyId, { ...key, caller: { ...key.caller, scope: { prefixes: ['b/'] } } })
    await expect(get(child, 'a/1')).rejects.toMatchObject({ name: 'AccessDenied' })
    keys.delete(PARENT.accessKeyId)
    await expect(get(child, 'a/1')).rejects.toMatchObject({ name: 'InvalidToken' })
    await expect(sts().send(new sdk.AssumeRoleCommand(ROLE))).rejects.toMatchObject({ name: 'InvalidClientTokenId' })
  })

  test('a policy that is not understood makes nothing', async () => {
    for (const Policy of ['{}{', '{"planets":[]}', '[]']) {
      await expect(sts().send(new sdk.AssumeRoleCommand({ ...ROLE, Policy }))).rejects.toMatchObject({
        name: 'MalformedPolicyDocumentException',
      })
    }
    const PolicyArns = [{ arn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }]
    await expect(sts().send(new sdk.AssumeRoleCommand({ ...ROLE, PolicyArns }))).rejects.toMatchObject({
      name: 'MalformedPolicyDocumentException',
    })
    for (const DurationSeconds of [899, 43_201]) {
      await expect(sts().send(new sdk.AssumeRoleCommand({ ...ROLE, DurationSeconds }))).rejects.toMatchObject({ name: 'ValidationError' })
    }
    expect(heard).toEqual([])
  })

  test('D39: an unknown key, a wrong secret and a wrong token look alike', async () => {
    const child = shownOf(await sts().send(new sdk.AssumeRoleCommand(ROLE)))
    const wrong: readonly Shown[] = [
      { ...PARENT, accessKeyId: 'AKIANOBODY' },
      { ...PARENT, secretAccessKey: 'another' },
      { ...PARENT, sessionToken: 'a token' },
      { ...child, sessionToken: `${child.sessionToken}x` },
      { ...child, secretAccessKey: 'another' },
    ]
    const answers = await Promise.all(
      wrong.map((shown) =>
        sts(shown)
          .send(new sdk.AssumeRoleCommand(ROLE))
          .catch(({ name, message, $metadata }: sdk.STSServiceException) => [$metadata.httpStatusCode, name, message]),
      ),
    )
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]).toEqual([403, 'InvalidClientTokenId', expect.stringContaining('is not valid')])
  })

  test('signatures are for this service, this region, this time and these bytes', async () => {
    await sts(PARENT, { region: 'eu-west-1' }).send(new sdk.GetCallerIdentityCommand({}))
    await expect(sts(PARENT, { region: 'us-west-2' }).send(new sdk.GetCallerIdentityCommand({}))).rejects.toMatchObject({
      name: 'IncompleteSignature',
    })
    const offset = { systemClockOffset: 3_600_000 }
    await expect(sts(PARENT, offset).send(new sdk.GetCallerIdentityCommand({}))).rejects.toMatchObject({ name: 'RequestExpired' })
    const tampering = sts()
    tampering.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as { body: string }
        request.body = request.body.replace('nightly', 'daytime')
        return next(args)
      },
      { step: 'finalizeRequest', priority: 'low' },
    )
    await expect(tampering.send(new sdk.AssumeRoleCommand(ROLE))).rejects.toMatchObject({ name: 'InvalidClientTokenId' })
    // One for S3 is none for this service, and the other way round.
    expect(await post('Action=GetCallerIdentity&Version=2011-06-15')).toMatchObject({ status: 403, code: 'MissingAuthenticationToken' })
    const forS3 = 'AWS4-HMAC-SHA256 Credential=AKIAPARENT/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature='
    const answer = await post('Action=GetCallerIdentity&Version=2011-06-15', { authorization: `${forS3}${'0'.repeat(64)}` })
    expect(answer).toMatchObject({ status: 400, code: 'IncompleteSignature' })
  })
})

describe('AssumeRoleWithWebIdentity', () => {
  const assume = (claims: object): Promise<sdk.AssumeRoleWithWebIdentityCommandOutput> =>
    sts().send(new sdk.AssumeRoleWithWebIdentityCommand({ ...ROLE, WebIdentityToken: jwt(claims) }))

  test('makes a credential of the user, for as long as the token is good', async () => {
    const exp = Math.floor(clock().getTime() / 1000) + 1000
    const answer = await assume({ role: 'authenticated', sub: 'ann', exp })
    expect(answer.SubjectFromWebIdentityToken).toBe('ann')
    expect(answer.Credentials?.Expiration).toEqual(new Date(exp * 1000))
    const ann = shownOf(answer)
    await put(ann, 'ann.txt')
    expect(await get(ann, 'ann.txt')).toBe('x')
    const bob = shownOf(await assume({ role: 'authenticated', sub: 'bob' }))
    await expect(get(bob, 'ann.txt')).rejects.toMatchObject({ name: expect.stringMatching(/NoSuchKey|AccessDenied/) })
    await expect(sts(ann).send(new sdk.AssumeRoleCommand(ROLE))).rejects.toMatchObject({ name: 'AccessDenied' })
    expect(await sts(ann).send(new sdk.GetCallerIdentityCommand({}))).toMatchObject({
      Arn: 'arn:aws:sts::project:assumed-role/authenticated/ann',
    })
    advanced += 1_000_000
    await expect(get(ann, 'ann.txt')).rejects.toMatchObject({ name: expect.stringMatching(/ExpiredToken|RequestTimeTooSkewed/) })
    advanced -= 1_000_000
  })

  test('D42: a token that is not good is refused by AWS’s names', async () => {
    await expect(assume({ role: 'authenticated', sub: 'ann', exp: 1 })).rejects.toMatchObject({ name: 'ExpiredTokenException' })
    await expect(assume({ role: 'nobody' })).rejects.toMatchObject({ name: 'InvalidIdentityTokenException' })
    await expect(assume({ role: 'service_role' })).rejects.toMatchObject({ name: 'AccessDenied' })
    // No algorithm is none of ours.
    const [, claims = ''] = jwt({ role: 'authenticated' }).split('.')
    for (const alg of ['none', 'None', 'RS256']) {
      const head = Buffer.from(JSON.stringify({ alg })).toString('base64url')
      for (const signature of ['', 'AAAA']) {
        expect(await post(identity(`${head}.${claims}.${signature}`))).toMatchObject({ status: 400, code: 'InvalidIdentityToken' })
      }
    }
    expect(await post(identity('x'))).toMatchObject({ status: 400, code: 'InvalidIdentityToken' })
    expect(await post(identity(''))).toMatchObject({ status: 400, code: 'ValidationError' })
  })

  test('a broken Authorization beside the token does not count: nobody has signed it', async () => {
    const answer = await post(identity(jwt({ role: 'authenticated', sub: 'ann' })), { authorization: 'Bearer x' })
    expect(answer.status).toBe(200)
    expect(answer.text).toContain('<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">')
  })

  test('one user, and one address, ask so often and no more', async () => {
    const token = jwt({ role: 'authenticated', sub: 'dora' })
    for (let count = 0; count < 20; count += 1) expect((await post(identity(token))).status).toBe(200)
    expect(await post(identity(token))).toMatchObject({ status: 400, code: 'Throttling' })
    const other = identity(jwt({ role: 'authenticated', sub: 'bob' }))
    expect((await post(other)).status).toBe(200)
    let refused = 0
    for (let count = 0; count < 200; count += 1) refused += (await post('')).code === 'Throttling' ? 1 : 0
    expect(refused).toBeGreaterThan(0)
    expect((await post(other)).code).toBe('Throttling')
    // S3 itself is not slowed.
    await put(PARENT, 'a/1')
    advanced += 60_000
    expect((await post(other)).status).toBe(200)
  })
})

describe('a request that is no request of this service', () => {
  test('is refused, and says why', async () => {
    const version = 'Version=2011-06-15'
    expect(await post(version)).toMatchObject({ status: 400, code: 'MissingAction' })
    expect(await post('Action=AssumeRole')).toMatchObject({ status: 400, code: 'InvalidAction' })
    expect(await post(`Action=GetSessionToken&${version}`)).toMatchObject({ status: 400, code: 'InvalidAction' })
    expect(await post(`Action=GetCallerIdentity&Action=AssumeRole&${version}`)).toMatchObject({ status: 400, code: 'ValidationError' })
    expect(await post(version, {}, '/?Action=GetCallerIdentity&Version=2011-06-15')).toMatchObject({ status: 400, code: 'ValidationError' })
    expect(await post('', {}, `/?Action=GetCallerIdentity&${version}`)).toMatchObject({ status: 403, code: 'MissingAuthenticationToken' })
    expect(await post(`Action=%zz&${version}`)).toMatchObject({ status: 400, code: 'ValidationError' })
    expect(await post(identity('x'.repeat(9000)))).toMatchObject({ status: 413, code: 'RequestEntityTooLarge' })
    const longPolicy = `${identity('x')}&Policy=${'x'.repeat(2049)}`
    expect(await post(longPolicy)).toMatchObject({ status: 400, code: 'PackedPolicyTooLarge' })
    expect(await post(`${identity('x')}&RoleSessionName=a`)).toMatchObject({ status: 400, code: 'ValidationError' })
    expect(await post(`${identity('x')}&DurationSeconds=1e3`)).toMatchObject({ status: 400, code: 'ValidationError' })
    // What nobody knows is passed over, as AWS does.
    expect((await post(`${identity(jwt({ role: 'authenticated', sub: 'x' }))}&ProviderId=x&Tags.member.1.Key=y`)).status).toBe(200)
    expect(heard.filter(({ name }) => name === 'fault')).toEqual([])
  })

  test('behind a public address with a path, what was signed is what clients see', async () => {
    const publicUrls = ['https://example.com/storage/v1/s3']
    const door = stsHandler({ issuer: temporary, credentials, region: 'us-east-1', publicUrls })
    const behind = createServer()
    attach(behind, s3Handler({ engine, region: 'us-east-1', credentials, sts: door, publicUrls }))
    behind.listen(0, '127.0.0.1')
    await once(behind, 'listening')
    try {
      const { port } = behind.address() as AddressInfo
      const kept = sts(PARENT, { endpoint: `http://127.0.0.1:${port}/storage/v1/s3` })
      expect(await kept.send(new sdk.GetCallerIdentityCommand({}))).toMatchObject({ Account: 'project' })
      // A proxy that takes the path off, and says another host.
      const stripped = sts(PARENT, { endpoint: 'https://example.com/storage/v1/s3' })
      stripped.middlewareStack.add(
        (next) => (args) => {
          const request = args.request as { protocol: string; hostname: string; port?: number; path: string }
          Object.assign(request, { protocol: 'http:', hostname: '127.0.0.1', port, path: '/' })
          return next(args)
        },
        { step: 'finalizeRequest', priority: 'low' },
      )
      expect(await stripped.send(new sdk.GetCallerIdentityCommand({}))).toMatchObject({ Account: 'project' })
    } finally {
      behind.closeAllConnections()
      behind.close()
    }
  })

  test('a presigned one is refused', async () => {
    const path = '/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Signature=0'
    expect(await post('', {}, path)).toMatchObject({ status: 400, code: 'IncompleteSignature' })
  })

  test('to S3 is S3’s', async () => {
    const answer = await fetch(`${endpoint}/photos?delete`, {
      method: 'POST',
      body: 'Action=AssumeRole',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect([answer.status, await answer.text()]).toEqual([expect.any(Number), expect.stringContaining('<Error>')])
    const xml = await fetch(`${endpoint}/`, { method: 'POST', body: '<a/>', headers: { 'content-type': 'application/xml' } })
    expect(xml.status).toBe(405)
  })
})
