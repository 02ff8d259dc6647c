import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { accountCaller } from '@stowage/core'
import type { Engine } from '@stowage/core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startPostgres } from '../../core/test/postgres-server.ts'
import type { PostgresServer } from '../../core/test/postgres-server.ts'
import { blocksOf, ROOT } from './page.ts'
import type { Block } from './page.ts'
import { clientOf, serve, temporaryDirectory } from './stowage-process.ts'

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))
const CA = fixture('localhost-cert.pem')

let postgres: PostgresServer
let blocks: readonly Block[] = []
beforeAll(async () => {
  postgres = await startPostgres({ tls: { cert: CA, key: fixture('localhost-key.pem') } })
  blocks = await blocksOf('postgres.md')
  await postgres.pool().query(block('sql'))
}, 60_000)
afterAll(() => postgres.stop())

function block(language: string): string {
  const found = blocks.filter((each) => each.language === language)
  expect(found).toHaveLength(1)
  return found[0]?.text ?? ''
}

const port = (): number => Number(new URL(postgres.url).port)

test('the command: over TLS, as a role that is no superuser', { timeout: 60_000 }, async () => {
  const [, , command = '', directory = '', ...args] = block('sh')
    .replaceAll('"', '')
    .replace('$HOST', `localhost:${port()}`)
    .replace('$CA', CA)
    .trim()
    .split(' ')
  expect([command, directory]).toEqual(['serve', 'data'])
  const data = join(await temporaryDirectory(), directory)
  const { ready } = await serve([data, ...args])
  const client = clientOf(ready)
  await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'a', Body: 'x'.repeat(100_000) }))
  const { Body } = await client.send(new GetObjectCommand({ Bucket: 'photos', Key: 'a' }))
  expect(await Body?.transformToString()).toHaveLength(100_000)
  const { rows } = await postgres.pool().query(
    `SELECT usesuper, bool_and(ssl) AS encrypted FROM pg_stat_ssl JOIN pg_stat_activity a USING (pid) JOIN pg_user u USING (usename)
    WHERE usename = 'stowage' GROUP BY usesuper`,
  )
  expect(rows).toEqual([{ usesuper: false, encrypted: true }])
})

interface Opened {
  readonly engine: Engine
  readonly end: () => Promise<void>
}

test('the code: passwords change while the engine works', { timeout: 60_000 }, async () => {
  const pool = postgres.pool()
  const passwords: string[] = []
  let current = 'the first one'
  const directory = await temporaryDirectory()
  // Beside what it imports.
  const file = join(ROOT, 'packages/gateway', `.postgres-page-${process.pid}.ts`)
  await writeFile(file, block('ts'))
  onTestFinished(() => rm(file))
  const page = (await import(pathToFileURL(file).href)) as { openStore(settings: object): Promise<Opened> }
  const password = async (): Promise<string> => {
    passwords.push(current)
    return current
  }
  const { engine, end } = await page.openStore({ host: 'localhost', port: port(), ca: await readFile(CA, 'utf8'), directory, password })
  onTestFinished(end)
  const session = engine.as(accountCaller('anna'), { operation: 'PutObject' })
  const bucket = { name: 'passwords' }
  await session.createBucket({ bucket })
  current = 'the second one'
  await pool.query(`ALTER ROLE stowage PASSWORD '${current}'`)
  // Connections that are there go on; new ones need the new one.
  await session.putObject({ bucket, key: 'a', body: Buffer.from('a') })
  await pool.query(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'stowage'`)
  await session.putObject({ bucket, key: 'b', body: Buffer.from('b') })
  expect((await session.listObjects({ bucket })).objects.map(({ key }) => key)).toEqual(['a', 'b'])
  expect(new Set(passwords)).toEqual(new Set(['the first one', 'the second one']))
})
