import { createHash, createHmac } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateBucketCommand, GetObjectCommand, ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { AssumeRoleCommand, AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { describe, expect, onTestFinished, test } from 'vitest'
import { refused, said, serveHere } from './stowage-command.ts'
import { clientOf, serve, temporaryDirectory } from './stowage-process.ts'
import type { Ready } from './stowage-process.ts'

interface Shown {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

function as(shown: Shown, { endpoint, region }: Ready): S3Client {
  const { accessKeyId, secretAccessKey } = shown
  return clientOf({ endpoint, region, accessKeyId, secretAccessKey }, { credentials: shown })
}

function stsAs(credentials: Shown, { endpoint, region }: Ready): STSClient {
  const client = new STSClient({ endpoint, region, credentials, maxAttempts: 1 })
  onTestFinished(() => client.destroy())
  return client
}

const text = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function jwt(secret: string, claims: object): string {
  const seconds = Math.floor(Date.now() / 1000)
  const head = `${text({ alg: 'HS256', typ: 'JWT' })}.${text({ iat: seconds, exp: seconds + 900, ...claims })}`
  return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`
}

const list = (client: S3Client): Promise<unknown> => client.send(new ListBucketsCommand({}))
const put = (client: S3Client, Key: string, Bucket = 'photos'): Promise<unknown> =>
  client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))
const get = async (client: S3Client, Key: string, Bucket = 'photos'): Promise<string | undefined> =>
  (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString()

const POLICY_OF = (name: string, bucket: string): string =>
  JSON.stringify([
    {
      id: '1',
      effect: 'allow',
      resources: { [`com.cloudflare.edge.r2.bucket.acme_default_${bucket}`]: '*' },
      permission_groups: [{ id: '2', name: `Workers R2 Storage Bucket Item ${name}` }],
    },
  ])

describe('stowage projects and stowage tokens', { timeout: 120_000 }, () => {
  test('a project: sessions of its users, until its keys and secrets are replaced; and no log line has a secret', async () => {
    const data = join(await temporaryDirectory(), 'data')
    const server = await serve([data, '--log-level', 'info'])
    const { ready } = server
    const made = await said<{ publishableKey: string; jwtSecret: string }>(['projects', 'create', 'shop', data, '--account', 'acme'])
    const token = jwt(made.jwtSecret, { role: 'authenticated', sub: 'ann' })
    const session = { accessKeyId: 'shop', secretAccessKey: made.publishableKey, sessionToken: token }
    expect(await list(as(session, ready))).toMatchObject({ Buckets: [] })
    // Nothing lets ann in: there is no policy for her.
    await clientOf(ready).send(new CreateBucketCommand({ Bucket: 'photos' }))
    await expect(put(as(session, ready), 'k')).rejects.toMatchObject({ name: expect.stringMatching(/AccessDenied|NoSuchBucket/) })
    const secret = await said<{ id: string; key: string }>([
      'tokens',
      'create',
      data,
      '--project',
      'shop',
      '--secret',
      '--description',
      'jobs',
    ])
    const rows = await said<{ id: string; kind: string }[]>(['tokens', 'list', data, '--project', 'shop'])
    expect(rows).toHaveLength(2)
    expect(rows).toContainEqual(expect.objectContaining({ id: secret.id, kind: 'secret', key: null, description: 'jobs' }))
    const first = rows.find(({ kind }) => kind === 'publishable')?.id ?? ''
    const next = await said<{ key: string }>(['tokens', 'rotate', first, data, '--overlap', '60'])
    for (const secretAccessKey of [made.publishableKey, next.key]) await list(as({ ...session, secretAccessKey }, ready))
    await said(['tokens', 'revoke', first, data])
    await expect(list(as(session, ready))).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' })
    const current = { ...session, secretAccessKey: next.key }
    const { anonKey, serviceRoleKey } = await said<{ anonKey: string; serviceRoleKey: string }>(['projects', 'legacy-keys', 'shop', data])
    await list(as({ ...session, secretAccessKey: anonKey }, ready))
    const { jwtSecret } = await said<{ jwtSecret: string }>(['projects', 'rotate-secret', 'shop', data])
    await expect(list(as(current, ready))).rejects.toMatchObject({ name: 'InvalidToken' })
    const renewed = { ...current, sessionToken: jwt(jwtSecret, { role: 'authenticated', sub: 'ann' }) }
    await list(as(renewed, ready))
    expect(await said(['projects', 'list', data])).toMatchObject([{ ref: 'shop', account: 'acme', jwtSecrets: [{ expiresAt: null }] }])
    const assumed = await stsAs(renewed, ready).send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: 'arn:aws:iam::shop:role/authenticated',
        RoleSessionName: 'ann',
        WebIdentityToken: renewed.sessionToken,
      }),
    )
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = assumed.Credentials ?? {}
    const temporary = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken }
    await list(as(temporary, ready))
    await said(['tokens', 'revoke-temporary', data, '--project', 'shop', '--sub', 'ann'])
    await expect(list(as(temporary, ready))).rejects.toMatchObject({ name: 'InvalidToken' })
    await said(['projects', 'delete', 'shop', data])
    await expect(list(as(renewed, ready))).rejects.toMatchObject({ name: 'InvalidAccessKeyId' })
    expect(await refused(['projects', 'create', 'shop', data])).toContain('is, or was, that of another project')
    server.child.kill('SIGTERM')
    await server.ended
    const log = server.stderr()
    for (const name of [
      'project.created',
      'opaque-key.created',
      'opaque-key.rotated',
      'project.secret-rotated',
      'sts.issued',
      'sts.revoked',
    ]) {
      expect(log).toContain(`"${name}"`)
    }
    const secrets = [made.jwtSecret, jwtSecret, secret.key, made.publishableKey, next.key, serviceRoleKey, token, renewed.sessionToken]
    for (const each of [...secrets, SecretAccessKey, SessionToken, ready.secretAccessKey]) expect(log).not.toContain(each)
  })

  test('R2: tokens, and temporary credentials that the server makes or the client signs', async () => {
    const data = join(await temporaryDirectory(), 'data')
    const { ready } = await serveHere([data, '--bucket', 'mine', '--r2-endpoint', 'acme.r2.test'])
    const acme = as(await said<Shown>(['keys', 'create', data, '--account', 'acme']), ready)
    for (const Bucket of ['photos', 'other']) await acme.send(new CreateBucketCommand({ Bucket }))
    const create = ['tokens', 'create', data, '--account', 'acme']
    const token = await said<Shown & { id: string; value: string }>([...create, '--r2', POLICY_OF('Write', 'photos')])
    expect(token.secretAccessKey).toBe(createHash('sha256').update(token.value).digest('hex'))
    const own = as(token, ready)
    await put(own, 'a/1')
    await expect(put(own, 'k', 'other')).rejects.toMatchObject({ name: 'AccessDenied' })
    await expect(list(own)).rejects.toMatchObject({ name: 'AccessDenied' })
    const made = await said<Shown>(['tokens', 'temporary', data, '--parent', token.id, '--bucket', 'photos', '--prefix', 'a/'])
    expect(await get(as(made, ready), 'a/1')).toBe('x')
    const { jti, ...once } = await said<Shown & { jti: string }>(['tokens', 'temporary', data, '--parent', token.id, '--bucket', 'photos'])
    expect(await get(as(once, ready), 'a/1')).toBe('x')
    await said(['tokens', 'revoke-temporary', data, '--id', jti])
    await expect(get(as(once, ready), 'a/1')).rejects.toMatchObject({ name: 'InvalidToken' })
    await expect(put(as(made, ready), 'a/1')).rejects.toMatchObject({ name: 'AccessDenied' })
    await expect(get(as(made, ready), 'b/1')).rejects.toMatchObject({ name: 'AccessDenied' })
    const claims = { bucket: 'photos', scope: 'object-read-only', sub: 'acme', iss: token.id, aud: 'acme.r2.test' }
    const local = jwt(token.secretAccessKey, claims)
    const signed = {
      accessKeyId: token.id,
      secretAccessKey: createHash('sha256').update(local).digest('hex'),
      sessionToken: Buffer.from(`jwt/${local}`).toString('base64'),
    }
    expect(await get(as(signed, ready), 'a/1')).toBe('x')
    await expect(put(as(signed, ready), 'a/1')).rejects.toMatchObject({ name: 'AccessDenied' })
    const rolled = await said<Shown>(['tokens', 'rotate', token.id, data])
    await expect(put(own, 'a/1')).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' })
    for (const child of [made, signed]) await expect(get(as(child, ready), 'a/1')).rejects.toMatchObject({ name: 'InvalidToken' })
    await put(as(rolled, ready), 'a/1')
    await said(['tokens', 'revoke', token.id, data])
    await expect(put(as(rolled, ready), 'a/1')).rejects.toMatchObject({ name: 'InvalidAccessKeyId' })
    expect(await said(['tokens', 'list', data])).toEqual([])
  })

  test('the pair of the first start and stored keys assume roles, and what they make ends with them', async () => {
    const data = join(await temporaryDirectory(), 'data')
    const { ready } = await serveHere([data, '--bucket', 'photos'])
    const key = await said<Shown>(['keys', 'create', data, '--scope', '{"prefixes":["a/"]}'])
    const role = { RoleArn: 'arn:aws:iam::root:role/any', RoleSessionName: 'test' }
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::photos/*' }],
    })
    const assume = async (parent: Shown, more: object = {}): Promise<Shown> => {
      const { Credentials: made } = await stsAs(parent, ready).send(new AssumeRoleCommand({ ...role, ...more }))
      return { accessKeyId: made?.AccessKeyId ?? '', secretAccessKey: made?.SecretAccessKey ?? '', sessionToken: made?.SessionToken ?? '' }
    }
    await put(clientOf(ready), 'b/1')
    await put(as(key, ready), 'a/1')
    const [ofRoot, ofKey] = [await assume(ready, { Policy }), await assume(key)]
    expect(await get(as(ofRoot, ready), 'b/1')).toBe('x')
    await expect(put(as(ofRoot, ready), 'b/1')).rejects.toMatchObject({ name: 'AccessDenied' })
    expect(await get(as(ofKey, ready), 'a/1')).toBe('x')
    await expect(get(as(ofKey, ready), 'b/1')).rejects.toMatchObject({ name: 'AccessDenied' })
    await expect(assume(ofKey)).rejects.toMatchObject({ name: 'AccessDenied' })
    await said(['keys', 'revoke', key.accessKeyId, data])
    await expect(get(as(ofKey, ready), 'a/1')).rejects.toMatchObject({ name: 'InvalidToken' })
    await said(['tokens', 'revoke-temporary', data, '--all'])
    await expect(get(as(ofRoot, ready), 'b/1')).rejects.toMatchObject({ name: 'InvalidToken' })
    expect(await get(as(await assume(ready, { Policy }), ready), 'b/1')).toBe('x')
  })

  test('another secret of root, or of an account of the config file, ends what the former one made', async () => {
    const directory = await temporaryDirectory()
    const [data, config] = [join(directory, 'data'), join(directory, 'config.json')]
    const start = async (secret: string): Promise<{ server: Awaited<ReturnType<typeof serve>>; acme: Shown }> => {
      const acme = { accessKeyId: 'AKIAACME', secretAccessKey: `${secret} of acme` }
      await writeFile(config, JSON.stringify({ accounts: [{ id: 'acme', keys: [acme] }] }))
      const env = { STOWAGE_ACCESS_KEY_ID: 'AKIAROOT', STOWAGE_SECRET_ACCESS_KEY: `${secret} of root` }
      return { server: await serve([data, '--config', config], env), acme }
    }
    const first = await start('the first secret')
    const assume = async (parent: Shown): Promise<Shown> => {
      const role = { RoleArn: 'arn:aws:iam::root:role/any', RoleSessionName: 'test' }
      const { Credentials: made } = await stsAs(parent, first.server.ready).send(new AssumeRoleCommand(role))
      return { accessKeyId: made?.AccessKeyId ?? '', secretAccessKey: made?.SecretAccessKey ?? '', sessionToken: made?.SessionToken ?? '' }
    }
    const made = [await assume(first.server.ready), await assume(first.acme)]
    for (const each of made) await list(as(each, first.server.ready))
    const restart = async (from: typeof first, secret: string): Promise<typeof first> => {
      from.server.child.kill('SIGTERM')
      await from.server.ended
      return start(secret)
    }
    const same = await restart(first, 'the first secret')
    for (const each of made) await list(as(each, same.server.ready))
    const other = await restart(same, 'another secret')
    for (const each of made) await expect(list(as(each, other.server.ready))).rejects.toMatchObject({ name: 'InvalidToken' })
  })

  test('before a server, and for a project that there is elsewhere: files of secrets and keys', async () => {
    const directory = await temporaryDirectory()
    const data = join(directory, 'data')
    const first = await serveHere([data])
    await first.stop()
    const jwtSecret = 'super-secret-jwt-token-with-at-least-32-characters-long'
    await writeFile(join(directory, 'secret'), `${jwtSecret}\n`)
    await writeFile(join(directory, 'broken.json'), `{"keys":[${jwtSecret}`)
    const anonKey = jwt(jwtSecret, { role: 'anon' })
    const create = ['projects', 'create', 'mine', data, '--jwt-secret-file', join(directory, 'secret'), '--anon-key', anonKey]
    expect(Object.keys(await said<object>([...create, '--no-presigning', '--issuer', 'me']))).toEqual(['ref', 'publishableKey'])
    expect(await said(['projects', 'list', data])).toMatchObject([
      { ref: 'mine', presignWithUserJwt: 'deny', issuers: ['me'], anonKeys: [{ key: anonKey }] },
    ])
    const { ready } = await serveHere([data])
    const session = { accessKeyId: 'mine', secretAccessKey: anonKey, sessionToken: jwt(jwtSecret, { role: 'authenticated', iss: 'me' }) }
    await list(as(session, ready))
    await expect(list(as({ ...session, sessionToken: jwt(jwtSecret, { role: 'authenticated' }) }, ready))).rejects.toMatchObject({
      name: 'InvalidToken',
    })
    const broken = await refused(['projects', 'update', 'mine', data, '--jwks-file', join(directory, 'broken.json')])
    expect(broken).toContain('is not JSON')
    expect(broken).not.toContain(jwtSecret)
    expect(await refused(['projects', 'update', 'mine', data, '--jwks-url', 'http://auth.test/jwks'])).toContain('https://')
    expect(await refused(['projects', 'create', 'other', data, '--jwks-url', 'https://auth.test/jwks'])).toContain('issuers or audiences')
    expect(await refused(['projects', 'delete', 'nobody', data])).toContain('names no project')
    expect(await refused(['tokens', 'create', data])).toContain('Say whose it is')
    expect(await refused(['tokens', 'create', data, '--r2', '[{"effect":"deny"}]'])).toContain('cannot be used')
    expect(await refused(['tokens', 'create', data, '--project', 'nobody'])).toContain('is none that there is')
    expect(await refused(['tokens', 'rotate', 'x', data, '--overlap', 'soon'])).toContain('whole number of seconds')
    expect(await refused(['tokens', 'revoke-temporary', data, '--all', '--sub', 'ann'])).toContain('Say which')
    expect(await refused(['tokens', 'temporary', data, '--parent', 'nobody', '--bucket', 'photos'])).toContain('no such parent')
  })

  test('--jurisdiction: buckets of a jurisdiction are found under its host, and nowhere else', async () => {
    const { ready } = await serveHere(['--memory', '--bucket', 'photos', '--jurisdiction', 'local=localhost'])
    const elsewhere = clientOf({ ...ready, endpoint: ready.endpoint.replace('127.0.0.1', 'localhost') })
    await expect(put(elsewhere, 'k')).rejects.toMatchObject({ name: 'NoSuchBucket' })
    await elsewhere.send(new CreateBucketCommand({ Bucket: 'photos' }))
    await put(elsewhere, 'k')
    await expect(get(clientOf(ready), 'k')).rejects.toMatchObject({ name: 'NoSuchKey' })
    expect(await refused(['serve', '--memory', '--jurisdiction', 'eu'])).toContain('is written as')
    expect(await refused(['serve', '--memory', '--jurisdiction', 'default=eu.test'])).toContain('no name of a jurisdiction')
  })
})
