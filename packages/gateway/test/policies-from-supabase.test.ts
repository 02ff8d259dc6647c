import { createHmac } from 'node:crypto'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPostgresDatabase } from '../../core/test/postgres-database.ts'
import type { PostgresServer } from '../../core/test/postgres-server.ts'
import { SUPABASE_SCHEMA } from '../../core/test/supabase-schema.ts'
import { blocksOf, ROOT, typed } from './page.ts'
import { clientOf, serve, temporaryDirectory } from './stowage-process.ts'

const EXAMPLES = join(ROOT, 'examples/policies')
const ANN = '5f1d7a9e-0c43-4d1c-8a55-2b2f7d1f0a01'
const JWT_SECRET = 'super-secret-jwt-token-with-at-least-32-characters-long'
let postgres: PostgresServer
beforeAll(async () => {
  postgres = await openPostgresDatabase()
}, 60_000)
afterAll(() => postgres.stop())

/** A database of a Supabase project that has the policies of the example. */
async function fillDatabase(): Promise<void> {
  const pool = postgres.pool({ max: 1 })
  await pool.query(SUPABASE_SCHEMA)
  // Roles are the server's, which may be that of a run before this one.
  await pool.query('DO $$ BEGIN CREATE ROLE support; EXCEPTION WHEN duplicate_object THEN NULL; END $$')
  await pool.query(await readFile(join(EXAMPLES, 'policies.sql'), 'utf8'))
}

const inShell = (text: string, cwd: string): Promise<string> => typed(text, cwd, { DATABASE_URL: postgres.url })

function jwt(claims: object): string {
  const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const seconds = Math.floor(Date.now() / 1000)
  const signed = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded({ iat: seconds, exp: seconds + 900, ...claims })}`
  return `${signed}.${createHmac('sha256', JWT_SECRET).update(signed).digest('base64url')}`
}

const keys = async (client: S3Client): Promise<unknown> =>
  (await client.send(new ListObjectsV2Command({ Bucket: 'photos' }))).Contents?.map(({ Key }) => Key)

test('every command of the page, in its order; then its users are let in', { timeout: 180_000 }, async () => {
  await fillDatabase()
  const cwd = await temporaryDirectory()
  for (const file of ['policies.sql', 'cases.yaml']) await copyFile(join(EXAMPLES, file), join(cwd, file))
  await writeFile(join(cwd, 'jwt-secret.txt'), `${JWT_SECRET}\n`)
  const [first, ...rest] = await blocksOf('policies-from-supabase.md')
  expect(first).toEqual({ language: 'sh', text: 'npx stowage serve data --bucket photos\n' })
  const { ready } = await serve([join(cwd, 'data'), '--bucket', 'photos'])
  let output = ''
  const answers: string[] = []
  for (const { language, text } of rest) {
    if (language === 'sh') answers.push((output = await inShell(text, cwd)))
    if (language === 'text') for (const line of text.trimEnd().split('\n')) expect(output).toContain(line)
    if (language === 'yaml') expect(await readFile(join(cwd, 'cases.yaml'), 'utf8')).toContain(text.trimEnd())
  }
  const imports = answers.flatMap((answer) => answer.split('\n')).filter((line) => line.includes('"imported"'))
  const outcomes = imports.map((line) => (JSON.parse(line) as { imported: { outcome: string }[] }).imported.map(({ outcome }) => outcome))
  const five = (outcome: string): readonly string[] => Array(5).fill(outcome) as string[]
  // Those of the database mean the same, and have other texts.
  expect(outcomes).toEqual([five('made'), five('made'), five('replaced')])

  const [project, key] = answers.slice(-2).map((answer) => JSON.parse(answer) as Readonly<Record<string, string>>)
  const root = clientOf(ready)
  for (const Key of [`${ANN}/cat.png`, 'bob/cat.png']) await root.send(new PutObjectCommand({ Bucket: 'photos', Key, Body: 'meow' }))
  const sessionToken = jwt({ sub: ANN, role: 'authenticated', aal: 'aal1' })
  const credentials = { accessKeyId: 'myproject', secretAccessKey: project?.['publishableKey'] ?? '', sessionToken }
  const ann = clientOf(ready, { credentials })
  expect(await keys(ann)).toEqual([`${ANN}/cat.png`])
  await ann.send(new PutObjectCommand({ Bucket: 'photos', Key: `${ANN}/dog.png`, Body: 'woof' }))
  const program = ann.send(new PutObjectCommand({ Bucket: 'photos', Key: `${ANN}/dog.exe`, Body: 'woof' }))
  await expect(program).rejects.toMatchObject({ name: 'AccessDenied' })
  // Without a second factor nothing is deleted; the key of the page says that there was one.
  await ann.send(new DeleteObjectCommand({ Bucket: 'photos', Key: `${ANN}/dog.png` }))
  const job = clientOf({ ...ready, accessKeyId: key?.['accessKeyId'] ?? '', secretAccessKey: key?.['secretAccessKey'] ?? '' })
  expect(await keys(job)).toEqual([`${ANN}/cat.png`, `${ANN}/dog.png`])
  await job.send(new DeleteObjectCommand({ Bucket: 'photos', Key: `${ANN}/dog.png` }))
  expect(await keys(ann)).toEqual([`${ANN}/cat.png`])
})
