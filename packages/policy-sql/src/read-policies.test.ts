import { createPolicySql, type RowPolicy } from '@stowage/core/policy'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openPostgresDatabase } from '../../core/test/postgres-database.ts'
import type { PostgresServer } from '../../core/test/postgres-server.ts'
import { SUPABASE_SCHEMA } from '../../core/test/supabase-schema.ts'
import { MORE_POLICIES, REAL_POLICIES, REAL_RELATIONS } from '../test/real-policies.ts'
import { parsePolicies } from './parse-policies.ts'
import { readPolicies } from './read-policies.ts'

const TEXT = [...REAL_POLICIES, ...MORE_POLICIES].map(({ sql }) => sql).join('\n')
const options = { relations: REAL_RELATIONS }

let server: PostgresServer
let pool: ReturnType<PostgresServer['pool']>

beforeAll(async () => {
  server = await openPostgresDatabase()
  pool = server.pool({ max: 2 })
  await pool.query(SUPABASE_SCHEMA)
  await pool.query(
    'CREATE TABLE public.team_members (team_id text, user_id text); CREATE TABLE public.file_shares (path text, shared_with text)',
  )
}, 60_000)

afterAll(async () => {
  await server.stop()
})

beforeEach(async () => {
  const { policies } = await readPolicies(pool, options)
  for (const { name, table } of policies) await pool.query(`DROP POLICY "${name}" ON storage.${table}`)
})

function byName(policies: readonly RowPolicy[]): readonly (Omit<RowPolicy, 'source'> & { readonly source: undefined })[] {
  return policies.map((policy) => ({ ...policy, source: undefined })).sort((a, b) => (a.name < b.name ? -1 : 1))
}

describe('a live database', () => {
  test('what was installed is read back the same', async () => {
    await pool.query(TEXT)
    const written = await parsePolicies(TEXT, options)
    const read = await readPolicies(pool, options)
    expect(byName(read.policies)).toEqual(byName(written.policies))
    expect(read.policies).toHaveLength(40)
    expect(read.passedOver).toEqual([])
  })

  test('what is printed installs under any search path, and means the same when it is read back', async () => {
    const written = await parsePolicies(TEXT, options)
    const client = await pool.connect()
    try {
      await client.query("SET search_path TO ''")
      for (const policy of written.policies) await client.query(createPolicySql(policy))
      await client.query('RESET search_path')
    } finally {
      client.release()
    }
    expect(byName((await readPolicies(pool, options)).policies)).toEqual(byName(written.policies))
  })

  test('nothing of the connection changes, inside a transaction or outside', async () => {
    const client = await pool.connect()
    try {
      await client.query('SET search_path TO storage, public; CREATE POLICY a ON objects USING (true)')
      const path = async () => (await client.query<{ search_path: string }>('SHOW search_path')).rows[0]?.search_path
      await readPolicies(client)
      expect(await path()).toBe('storage, public')
      await client.query('BEGIN; CREATE POLICY b ON storage.objects USING (name = bucket_id)')
      expect((await readPolicies(client)).policies.map(({ name }) => name)).toEqual(['a', 'b'])
      expect(await path()).toBe('storage, public')
      await client.query('ROLLBACK')
      expect((await readPolicies(client)).policies.map(({ name }) => name)).toEqual(['a'])
      await client.query('RESET search_path')
    } finally {
      client.release()
    }
  })

  test('what cannot be expressed is refused with the statement', async () => {
    await pool.query(`CREATE POLICY "no ""good" ON storage.objects AS RESTRICTIVE FOR UPDATE TO anon, service_role USING (name ~ '^a')`)
    const sql = `CREATE POLICY "no ""good" ON storage.objects AS RESTRICTIVE FOR UPDATE TO "anon", "service_role" USING ((name ~ '^a'::text))`
    await expect(readPolicies(pool)).rejects.toMatchObject({ statement: sql, place: { line: 1, column: 111 }, reason: 'the operator ~' })
    await pool.query(`DROP POLICY "no ""good" ON storage.objects`)
  })
})
