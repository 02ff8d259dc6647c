import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPostgresDatabase } from '../../core/test/postgres-database.ts'
import type { PostgresServer } from '../../core/test/postgres-server.ts'
import { said, serveHere } from './stowage-command.ts'
import { clientOf, temporaryDirectory } from './stowage-process.ts'
import type { Ready } from './stowage-process.ts'

/** What servers promise: what one of them changes counts at the others after so long. */
const SECOND_MS = 1000

const ENV = {
  STOWAGE_ACCESS_KEY_ID: 'ROOTOFALL',
  STOWAGE_SECRET_ACCESS_KEY: 'known to every server',
  STOWAGE_MASTER_KEY: '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff',
}
const Bucket = 'photos'

interface Pair {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

interface Server {
  readonly data: string
  readonly ready: Ready
  readonly root: S3Client
}

let postgres: PostgresServer

beforeAll(async () => {
  postgres = await openPostgresDatabase()
}, 60_000)
afterAll(() => postgres.stop())

/** Three servers, which begin at the same time on a schema that is not there yet. */
async function serveThree(schema: string): Promise<readonly [Server, Server, Server]> {
  const directory = await temporaryDirectory()
  const serve = async (name: string): Promise<Server> => {
    const data = join(directory, name)
    const places = ['--metadata', postgres.url, '--schema', schema, '--backend', `file:${join(directory, 'shared')}`]
    const { ready } = await serveHere([data, ...places, '--bucket', Bucket], ENV)
    return { data, ready, root: clientOf(ready) }
  }
  return Promise.all([serve('one'), serve('two'), serve('three')])
}

describe('three servers on one Postgres and one directory of blobs', { timeout: 60_000 }, () => {
  test('what one of them has acknowledged is there at the others at once', async () => {
    const servers = await serveThree('at_once')
    const [one, two, three] = servers
    for (const [at, size] of [10, 200_000].entries()) {
      for (const [round, server] of servers.entries()) {
        const Body = Buffer.alloc(size, `${at}${round}`)
        const { ETag } = await server.root.send(new PutObjectCommand({ Bucket, Key: 'cat.jpg', Body }))
        for (const { root } of servers) {
          const found = await root.send(new GetObjectCommand({ Bucket, Key: 'cat.jpg' }))
          expect(found.ETag).toBe(ETag)
          expect(Body.equals((await found.Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true)
          expect((await root.send(new ListObjectsV2Command({ Bucket }))).Contents).toMatchObject([{ Key: 'cat.jpg', ETag }])
        }
      }
    }
    const again = new PutObjectCommand({ Bucket, Key: 'cat.jpg', Body: 'x', IfNoneMatch: '*' })
    await expect(two.root.send(again)).rejects.toMatchObject({ name: 'PreconditionFailed' })
    await three.root.send(new DeleteObjectCommand({ Bucket, Key: 'cat.jpg' }))
    await expect(one.root.send(new GetObjectCommand({ Bucket, Key: 'cat.jpg' }))).rejects.toMatchObject({ name: 'NoSuchKey' })
    await two.root.send(again)
    for (const { data } of servers) expect(await said(['fsck', data])).toMatchObject({ ok: true })
  })

  test('keys and policies that one of them changes are so at the others after a second', async () => {
    const [one, ...others] = await serveThree('changes')
    const command = <T>(...args: readonly string[]): Promise<T> => said<T>(['keys', ...args, one.data])
    const create = (): Promise<Pair> => command<Pair>('create', '--account', 'root')
    const [rotated, disabled, revoked] = [await create(), await create(), await create()]
    /** What both of the others say, where they say the same. */
    const told = async (ask: (ready: Ready) => Promise<unknown>): Promise<unknown> => {
      const [two, three] = await Promise.all(others.map(({ ready }) => ask(ready)))
      expect(two).toEqual(three)
      return two
    }
    const list = (pair: Pair): Promise<unknown> =>
      told((ready) =>
        clientOf({ ...ready, ...pair })
          .send(new ListObjectsV2Command({ Bucket }))
          .then(
            () => 'ok',
            (error: Error) => error.name,
          ),
      )
    const read = (): Promise<unknown> => told(async ({ endpoint }) => (await fetch(`${endpoint}/${Bucket}/cat.jpg`)).status)
    await one.root.send(new PutObjectCommand({ Bucket, Key: 'cat.jpg', Body: 'meow' }))
    for (const pair of [rotated, disabled, revoked]) expect(await list(pair)).toBe('ok')
    expect(await read()).toBe(403)

    const rotatedTo = await command<Pair>('rotate', rotated.accessKeyId)
    for (const [verb, { accessKeyId }] of [
      ['disable', disabled],
      ['revoke', revoked],
    ] as const)
      await command(verb, accessKeyId)
    const statement = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/*` }
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    await one.root.send(new PutBucketPolicyCommand({ Bucket, Policy }))
    await delay(SECOND_MS)
    expect(await list(rotated)).toBe('SignatureDoesNotMatch')
    expect(await list(rotatedTo)).toBe('ok')
    for (const pair of [disabled, revoked]) expect(await list(pair)).toBe('InvalidAccessKeyId')
    expect(await read()).toBe(200)

    await command('enable', disabled.accessKeyId)
    await one.root.send(new DeleteBucketPolicyCommand({ Bucket }))
    await delay(SECOND_MS)
    expect(await list(disabled)).toBe('ok')
    expect(await read()).toBe(403)
  })
})
