import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { Pool } from 'pg'
import type { MetadataStore, Predicate } from '@stowage/core'
import { ALWAYS, and, col, element, eq, foldername, insub, lower, or } from '@stowage/core/policy'
import { postgresMetadata } from '@stowage/core/postgres'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { startPostgres } from '../stores/postgres.ts'

/*
 * What a page of a listing costs that row-level security filters, beside the page that it does not: of a million keys, a hundred users have
 * ten thousand each, in a folder of their own and, apart from that, as their owner, scattered over all keys.
 *   node -C @stowage/source bench/src/micro/filtered-listings.ts [rows]
 */

const ROWS = Number(process.argv[2] ?? 1_000_000)
const ROUNDS = 15
const BUCKET = 'b'
const ROWS_SCANNED_MAX = 100_000

const members = {
  name: 'members',
  key: ['folder'],
  columns: { folder: { type: 'text', nullable: false } },
  indexes: [],
  kept: 'engine',
} as const
const folder = element(foldername(), 1)
const owner = eq(col('owner_id'), 'o7')
const CASES: readonly (readonly [name: string, condition: Predicate])[] = [
  ['unfiltered', ALWAYS],
  ['owner', owner],
  ['top folder', eq(folder, 'u7')],
  ['owner in a folder', and(owner, eq(folder, 'u7'))],
  ['owner or folder', or(owner, eq(folder, 'u7'))],
  ['folder in a relation', insub(folder, { relation: members, alias: 'm', select: (column) => column('folder'), where: () => ALWAYS })],
  ['no index (lower of the owner)', eq(lower(col('owner_id')), 'o7')],
]

const COLUMNS = 'bucket_id, key, version_id, sequence, manifest_id, size, etag, owner_id, legal_hold, created_at'
const BUCKET_ROW = `INSERT INTO buckets (id, jurisdiction, name, account, public, versioning, created_at) VALUES ('${BUCKET}', 'default', 'bench', 'a', 0, 'off', 0)`

const directory = await mkdtemp(join(tmpdir(), 'stowage-bench-'))
// Postgres is another user where this is root.
await chmod(directory, 0o755)
try {
  await measure('sqlite', { store: await filledSqlite(), close: () => Promise.resolve() })
  const server = await startPostgres(join(directory, 'postgres'))
  try {
    await measure('postgres', await filledPostgres(server))
  } finally {
    await server.stop()
  }
} finally {
  await rm(directory, { recursive: true, force: true })
}

/** A store with its million rows. `close` ends what the store was given. */
interface FilledStore {
  readonly store: MetadataStore
  readonly close: () => Promise<void>
}

/** Rounds of all cases in turn, so that they share whatever the machine does meanwhile. */
async function measure(name: string, { store, close }: FilledStore): Promise<void> {
  const times = new Map(CASES.map(([label]) => [label, [] as number[]]))
  const rows = new Map<string, string>()
  for (let round = 0; round < ROUNDS + 3; round += 1) {
    for (const [label, visible] of CASES) {
      const began = performance.now()
      const page = await store.listObjects({
        bucketId: BUCKET, prefix: '', delimiter: null, position: null, limit: 1_000, visible, rowsScannedMax: ROWS_SCANNED_MAX }) // prettier-ignore
      // The first rounds plan the statements, and fill the caches.
      if (round >= 3) times.get(label)?.push(performance.now() - began)
      rows.set(label, `${page.objects.length} keys${page.next === null ? '' : ', more behind'}`)
    }
  }
  await store.close()
  await close()
  const median = (label: string): number => (times.get(label) ?? []).toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN
  for (const [label] of CASES) {
    console.log(
      `${name.padEnd(9)} ${label.padEnd(30)} ${median(label).toFixed(2).padStart(8)} ms  ${(median(label) / median('unfiltered')).toFixed(2).padStart(6)} ×  ${rows.get(label) ?? ''}`,
    )
  }
}

function objectsFrom(numbers: string, padded: string): string {
  const values = `'${BUCKET}', 'u' || (n % 100) || '/' || ${padded}, 'null', n, n, n, 'e', 'o' || ((n / 100) % 100), 0, n`
  return `INSERT INTO objects (${COLUMNS}) SELECT ${values} FROM ${numbers}`
}

async function filledSqlite(): Promise<MetadataStore> {
  const file = join(directory, 'metadata.sqlite')
  const store = sqliteMetadata({ file })
  await store.open()
  await store.close()
  const database = new Database(file)
  database.exec(BUCKET_ROW)
  const numbers = `(WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < ${ROWS}) SELECT n FROM count)`
  database.exec(objectsFrom(numbers, `printf('%09d', n)`))
  database.exec(`CREATE TABLE IF NOT EXISTS relation_members (folder TEXT PRIMARY KEY); INSERT INTO relation_members VALUES ('u7')`)
  database.close()
  const filled = sqliteMetadata({ file })
  await filled.open()
  return filled
}

async function filledPostgres({ port, password }: { readonly port: number; readonly password: string }): Promise<FilledStore> {
  const pool = new Pool({ host: '127.0.0.1', port, user: 'postgres', password, database: 'postgres', max: 4 })
  const store = postgresMetadata({ pool, schema: 'bench' })
  await store.open()
  const run = (text: string): Promise<unknown> => pool.query(`SET search_path TO bench; ${text}`)
  await run(BUCKET_ROW)
  await run(objectsFrom(`generate_series(1, ${ROWS}) AS counted(n)`, `lpad(n::text, 9, '0')`))
  await run(`CREATE TABLE relation_members (folder text COLLATE "C" PRIMARY KEY); INSERT INTO relation_members VALUES ('u7')`)
  await pool.query('VACUUM ANALYZE bench.objects')
  return { store, close: () => pool.end() }
}
