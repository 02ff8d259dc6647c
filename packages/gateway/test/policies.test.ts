import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPostgresDatabase } from '../../core/test/postgres-database.ts'
import type { PostgresServer } from '../../core/test/postgres-server.ts'
import { SUPABASE_SCHEMA } from '../../core/test/supabase-schema.ts'
import { refused, said, serveHere } from './stowage-command.ts'
import { clientOf, serve, startStowage, temporaryDirectory } from './stowage-process.ts'

const EXAMPLES = fileURLToPath(new URL('../../../examples/policies', import.meta.url))
const SQL = join(EXAMPLES, 'policies.sql')
const CASES = join(EXAMPLES, 'cases.yaml')
const ANN = '5f1d7a9e-0c43-4d1c-8a55-2b2f7d1f0a01'
const OWN_FOLDER = 'Users see their own folder'

/** As where an optional dependency was left away. */
const NOT_INSTALLED = encodeURIComponent(`
  import { registerHooks } from 'node:module'
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== '@stowage/policy-sql') return next(specifier, context)
      throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' })
    },
  })`)

const names = (outcome: string): unknown => expect.arrayContaining([{ table: 'objects', name: OWN_FOLDER, outcome }])

describe('stowage policies and roles', { timeout: 120_000 }, () => {
  test('while the directory is served: a change counts at once', async () => {
    const data = join(await temporaryDirectory(), 'data')
    const server = await serve([data, '--bucket', 'photos'])
    const root = clientOf(server.ready)
    for (const Key of [`${ANN}/cat.png`, 'bob/cat.png']) await root.send(new PutObjectCommand({ Bucket: 'photos', Key, Body: 'meow' }))
    const key = (await said(['keys', 'create', data, '--role', 'authenticated', '--sub', ANN])) as { readonly accessKeyId: string }
    const ann = clientOf({ ...server.ready, ...key })
    const seen = async (client: S3Client): Promise<unknown> =>
      (await client.send(new ListObjectsV2Command({ Bucket: 'photos' }))).Contents?.map(({ Key }) => Key)
    expect(await seen(ann)).toBeUndefined()
    // Whom a policy is for that nobody has made.
    expect(await refused(['policies', 'import', SQL, data])).toContain("is for 'support', which is no role")
    expect(await said(['roles', 'create', 'support', data])).toEqual({ done: true })
    expect(await said(['policies', 'import', SQL, data, '--dry-run'])).toMatchObject({ dryRun: true, imported: names('made') })
    expect(await seen(ann)).toBeUndefined()
    expect(await said(['policies', 'import', SQL, data])).toMatchObject({
      imported: names('made'),
      warnings: [],
      passedOver: [{ place: { line: 2, column: 1 }, statement: expect.stringMatching(/^ALTER TABLE/) as string }],
    })
    expect(await seen(ann)).toEqual([`${ANN}/cat.png`])
    const cases = (await said(['policies', 'test', CASES, data])) as { readonly passed: number }
    expect(cases).toMatchObject({ failed: 0 })
    const asked = ['GetObject', 'photos', 'bob/cat.png', data]
    expect(await said(['policies', 'explain', '--key', key.accessKeyId, ...asked])).toMatchObject({
      allowed: false,
      questions: [{ rows: { existing: { name: 'bob/cat.png' } } }],
    })
    expect(await said(['policies', 'explain', '--key', server.ready.accessKeyId, ...asked])).toMatchObject({ allowed: true })
    expect(await said(['policies', 'remove', OWN_FOLDER, data])).toEqual({ done: true })
    expect(await seen(ann)).toBeUndefined()
    await expect(ann.send(new GetObjectCommand({ Bucket: 'photos', Key: `${ANN}/cat.png` }))).rejects.toMatchObject({ name: 'NoSuchKey' })
    // Afterwards, without a server.
    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(0)
    const failed = await said(['policies', 'test', CASES, data], { code: 1 })
    expect(failed).toMatchObject({ passed: cases.passed - 3, failed: 3 })
    expect(await said(['policies', 'import', SQL, data, '--replace'])).toMatchObject({ imported: names('made') })
    // As a user would start it: the exit code is the process's, and text is to be had where nobody is looking.
    const tested = startStowage(['policies', 'test', CASES, data, '--text'])
    expect([await tested.ended, tested.stderr()]).toEqual([0, ''])
    expect(tested.stdout()).toContain(`${cases.passed} passed, 0 failed.`)
    expect(await said(['policies', 'explain', '--key', server.ready.accessKeyId, ...asked])).toMatchObject({ allowed: true })
    expect(await said(['policies', 'list', data])).toHaveLength(5)
    expect(await said(['policies', 'show', OWN_FOLDER, data])).toMatchObject({ sql: expect.stringMatching(/^CREATE POLICY/) as string })
    expect(await said(['roles', 'list', data])).toContainEqual({ name: 'support', bypassRls: false, inherits: [], builtIn: false })
    expect(await refused(['roles', 'delete', 'support', data])).toContain('which is no role')
  })

  test('what makes no sense is refused with a sentence, and nothing is changed', async () => {
    const directory = await temporaryDirectory()
    const data = join(directory, 'data')
    const server = await serveHere([data, '--bucket', 'photos'])
    await server.stop()
    const file = join(directory, 'broken.sql')
    const good = 'CREATE POLICY a ON storage.objects FOR SELECT USING (true);\n'
    await writeFile(file, `${good}CREATE POLICY b ON storage.objects\n  FOR SELECT USING (random() < 0.5);`)
    const sentence = await refused(['policies', 'import', file, data])
    expect(sentence).toMatch(/broken\.sql:3:\d+: /)
    expect(sentence).toContain('CREATE POLICY b ON')
    expect(sentence).toContain('Nothing was changed.')
    expect(await said(['policies', 'list', data])).toEqual([])
    // Tables that policies look into are known once they are put.
    await writeFile(file, 'CREATE POLICY t ON storage.objects FOR SELECT USING (name IN (SELECT path FROM shares));')
    expect(await refused(['policies', 'import', file, data])).toMatch(/broken\.sql:1:\d+: /)
    const shares = join(directory, 'shares.json')
    const column = { type: 'text', nullable: false }
    await writeFile(shares, JSON.stringify([{ name: 'shares', columns: { path: column }, indexes: [], kept: 'engine', key: ['path'] }]))
    expect(await said(['policies', 'import', file, data, '--relations', shares])).toMatchObject({ imported: [{ outcome: 'made' }] })
    expect(await said(['policies', 'import', file, data])).toMatchObject({ imported: [{ outcome: 'unchanged' }] })
    expect(await refused(['policies', 'import', file, data, '--relations', file])).toContain('is not JSON')
    expect(await refused(['policies', 'import', '--from', 'mysql://localhost', data])).toContain('begins with postgres://')
    expect(await refused(['policies', 'import'])).toContain('Which file?')
    expect(await refused(['policies', 'explain', 'Get', 'photos', 'k', data])).toContain('There is no operation Get')
    expect(await refused(['policies', 'explain', '--anonymous', 'GetObject', 'photos'])).toContain('say its key')
    expect(await refused(['policies', 'explain', 'GetObject', 'photos', 'k', data])).toContain('Say who it is')
    expect(await refused(['policies', 'explain', '--anonymous', 'ListObjects', 'nowhere', data])).toContain('nowhere')
    expect(await refused(['policies', 'test', join(directory, 'none.yaml'), data])).toContain('cannot be read')
    const without = startStowage(['policies', 'import', file, data], { NODE_OPTIONS: `--import=data:text/javascript,${NOT_INSTALLED}` })
    expect([await without.ended, without.stderr()]).toEqual([2, expect.stringContaining('npm install @stowage/policy-sql')])
    expect(await refused(['keys', 'create', data, '--sub', 'ann'])).toContain('go with --role')
  })
})

describe('stowage policies import --from', { timeout: 120_000 }, () => {
  let postgres: PostgresServer
  beforeAll(async () => {
    postgres = await openPostgresDatabase()
  }, 60_000)
  afterAll(() => postgres.stop())

  test('the policies of a live database', async () => {
    const pool = postgres.pool({ max: 1 })
    await pool.query(SUPABASE_SCHEMA)
    await pool.query(`CREATE POLICY mine ON storage.objects FOR SELECT TO authenticated USING (owner_id = auth.uid()::text)`)
    const data = join(await temporaryDirectory(), 'data')
    await serveHere([data, '--bucket', 'photos'])
    expect(await said(['policies', 'import', '--from', postgres.url, data])).toMatchObject({
      imported: [{ table: 'objects', name: 'mine', outcome: 'made' }],
    })
    await pool.query('CREATE POLICY odd ON storage.objects FOR SELECT USING (random() < 0.5)')
    expect(await refused(['policies', 'import', '--from', postgres.url, data])).toMatch(/The policies of the database: 1?\d:\d+: /)
    expect(await said(['policies', 'list', data])).toHaveLength(1)
  })
})
