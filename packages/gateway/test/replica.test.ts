import { join } from 'node:path'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgresReplica } from '../../core/test/postgres-replica.ts'
import { startPostgres } from '../../core/test/postgres-server.ts'
import type { PostgresServer, StartedPostgres } from '../../core/test/postgres-server.ts'
import { refused, serveHere } from './stowage-command.ts'
import { clientOf, temporaryDirectory } from './stowage-process.ts'

let primary: StartedPostgres
let replica: PostgresServer
beforeAll(async () => {
  primary = await startPostgres()
  replica = await startPostgresReplica(primary)
}, 60_000)
afterAll(async () => {
  await replica.stop()
  await primary.stop()
})

describe('stowage serve --metadata-replica', { timeout: 60_000 }, () => {
  test('reads what was written on the replica, before long', async () => {
    const data = join(await temporaryDirectory(), 'data')
    const server = await serveHere([data, '--bucket', 'photos', '--metadata', primary.url, '--metadata-replica', replica.url])
    const client = clientOf(server.ready)
    await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'cat', Body: 'meow' }))
    const looks = replica.pool({ max: 1 })
    const asked = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'stowage' AND query LIKE '%objects%'"
    await expect
      .poll(
        async () => {
          const { Body } = await client.send(new GetObjectCommand({ Bucket: 'photos', Key: 'cat' }))
          expect(await Body?.transformToString()).toBe('meow')
          return (await looks.query(asked)).rowCount
        },
        { timeout: 20_000 },
      )
      .toBeGreaterThan(0)
    await server.stop()
  })

  test('goes with --metadata, and is a replica of that server', async () => {
    const data = join(await temporaryDirectory(), 'data')
    expect(await refused(['serve', data, '--metadata-replica', replica.url])).toContain('--metadata-replica goes with --metadata')
    const args = ['serve', data, '--metadata', primary.url, '--metadata-replica']
    expect(await refused([...args, primary.url])).toContain('is no streaming replica of this database')
    expect(await refused([...args, 'mysql://x'])).toContain('--metadata-replica is a URL that begins with postgres://')
  })
})
