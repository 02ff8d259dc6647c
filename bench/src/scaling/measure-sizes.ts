import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accountCaller, allowAll, openEngine } from '@stowage/core'
import type { Engine, Session } from '@stowage/core'
import { memoryBackend } from '@stowage/core/backend'
import { postgresMetadata } from '@stowage/core/postgres'
import { Pool } from 'pg'
import { describeCommit } from '../report/machine.ts'
import { startPostgres } from '../stores/postgres.ts'
import type { StoredSizes } from './stored-sizes.ts'

/*
 * What objects take in Postgres, and what writing them costs: for the calculation of docs/scaling.md, which is made of the last result.
 *   node -C @stowage/source bench/src/scaling/measure-sizes.ts [rows]
 */

const ROWS = Number(process.argv[2] ?? 1_000_000)
const BUCKET = { name: 'photos' }
const AT_ONCE = 32
const SECONDS = 5
const BODY = Buffer.alloc(1000, 'x')
const GARBAGE = 10_000
/** Puts whose log is measured. */
const LOGGED = 2_000
const KEY = (n: number | string, more = ''): string =>
  `users/5f0c0e5a-7d55-4f6e-9f5d-${String(n).padStart(12, '0')}/photos/2026/11/IMG_0001${more}.jpg`

/** Numbers that follow each other, all over the keys that are there (Knuth's multiplicative hash). */
const scattered = (at: number): number => ((at * 2_654_435_761) % 2 ** 32) % ROWS

const directory = await mkdtemp(join(tmpdir(), 'stowage-sizes-'))
// Postgres is another user where this is root.
await chmod(directory, 0o755)
const server = await startPostgres(join(directory, 'postgres'))
const url = `postgres://postgres:${server.password}@127.0.0.1:${server.port}/postgres`
const pool = new Pool({ connectionString: url, max: AT_ONCE, pipeline: true })
// The server ends before the last of its connections.
pool.on('error', () => undefined)
let time = Date.now()
const metadata = postgresMetadata({ pool, clock: () => new Date(time) })
const engine = await openEngine({ metadata, backend: memoryBackend(), policy: allowAll(), limits: { inlineSizeMax: 0 } })
try {
  const sizes = await measure(engine)
  const out = join(import.meta.dirname, `../../results/sizes-${sizes.date}-${sizes.commit}`)
  await mkdir(out, { recursive: true })
  await writeFile(join(out, 'sizes.json'), `${JSON.stringify(sizes, null, 2)}\n`)
  process.stdout.write(`${JSON.stringify(sizes, null, 2)}\n`)
} finally {
  await engine.close()
  await pool.end()
  await server.stop()
  await rm(directory, { recursive: true, force: true })
}

async function measure(of: Engine): Promise<StoredSizes> {
  const session = of.as(accountCaller('account-of-a-user', 'key'))
  await session.createBucket({ bucket: BUCKET })
  await put(session, KEY('template'))
  await multiply()
  const row = await rowSizes()
  const wal = await logged(session)
  const rate = await rates(of, session)
  const { commit } = describeCommit()
  return { date: new Date().toISOString().slice(0, 10), commit, rows: ROWS, keyLength: KEY(0).length, row, wal, rate }
}

function put(session: Session, key: string): Promise<unknown> {
  return session.putObject({
    bucket: BUCKET,
    key,
    body: BODY,
    headers: { contentType: 'image/jpeg' },
    userMetadata: { camera: 'phone', width: '4032' },
  })
}

/** The rows of one object become those of many, in no order: as keys of users come. */
async function multiply(): Promise<void> {
  const columns = async (table: string): Promise<readonly string[]> => {
    const { rows } = await pool.query<{ column_name: string }>(
      "SELECT column_name FROM information_schema.columns WHERE table_name = $1 AND table_schema = 'public' AND is_generated = 'NEVER'",
      [table],
    )
    return rows.map(({ column_name }) => column_name)
  }
  const fresh: Readonly<Record<string, string>> = {
    key: `replace(t.key, '0000template', lpad(n::text, 12, '0'))`,
    version_id: `md5('v' || n)`,
    sequence: 'n + 1000',
    manifest_id: 'n + 1000',
    etag: 'md5(n::text)',
    blob: `md5('b' || n)`,
  }
  for (const table of ['objects', 'blob_refs']) {
    const names = await columns(table)
    const values = names.map((name) => fresh[name] ?? `t.${name}`)
    await pool.query(
      `INSERT INTO ${table} (${names.join(', ')}) SELECT ${values.join(', ')}
      FROM (SELECT n FROM generate_series(1, ${ROWS}) n ORDER BY md5('o' || n)) numbers, (SELECT * FROM ${table} LIMIT 1) t`,
    )
  }
  await pool.query(`SELECT setval('commit_sequence', ${ROWS + 2000})`)
  await pool.query('VACUUM ANALYZE')
}

async function rowSizes(): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ name: string; size: string }>(
    `SELECT c.relname AS name, pg_relation_size(c.oid) AS size FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid
    WHERE c.relname IN ('objects', 'blob_refs') OR i.indrelid IN ('objects'::regclass, 'blob_refs'::regclass) ORDER BY c.relname`,
  )
  return Object.fromEntries(rows.map(({ name, size }) => [name, Math.round((Number(size) / ROWS) * 10) / 10]))
}

async function logged(session: Session): Promise<StoredSizes['wal']> {
  const each = async (run: (at: number) => Promise<unknown>): Promise<number> => {
    await pool.query('CHECKPOINT')
    const before = await logPosition()
    for (let at = 0; at < LOGGED; at += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, (_, lane) => run(at + lane)))
    return Math.round(((await logPosition()) - before) / LOGGED)
  }
  const anywhere = (at: number): string => KEY(scattered(at), '-a')
  return {
    putAnywhere: await each((at) => put(session, anywhere(at))),
    putInOrder: await each((at) => put(session, `in-order/${KEY(at)}`)),
    deleteAnywhere: await each((at) => session.deleteObject({ bucket: BUCKET, key: anywhere(at) })),
  }
}

async function logPosition(): Promise<number> {
  const { rows } = await pool.query<{ bytes: string }>("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn AS bytes")
  return Number(rows[0]?.bytes)
}

async function rates(of: Engine, session: Session): Promise<StoredSizes['rate']> {
  const each = async (run: (at: number) => Promise<unknown>): Promise<number> => {
    let done = 0
    const begun = performance.now()
    const lane = async (): Promise<void> => {
      while (performance.now() - begun < SECONDS * 1000) await run(done++)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, lane))
    return Math.round(done / ((performance.now() - begun) / 1000))
  }
  const putAnywhere = await each((at) => put(session, KEY(scattered(at), '-b')))
  const putOnePrefix = await each((at) => put(session, `one-prefix/${KEY(at)}`))
  return { putAnywhere, putOnePrefix, garbage: await collected(of, session) }
}

async function collected(of: Engine, session: Session): Promise<number> {
  for (let at = 0; at < GARBAGE; at += 1000) {
    const keys = Array.from({ length: 1000 }, (_, lane) => `garbage/${at + lane}`)
    for (let lane = 0; lane < keys.length; lane += AT_ONCE)
      await Promise.all(keys.slice(lane, lane + AT_ONCE).map((key) => put(session, key)))
    await session.deleteObjects({ bucket: BUCKET, objects: keys.map((key) => ({ key })) })
  }
  // Past the grace.
  time += 3_600_000
  const begun = performance.now()
  const { blobs } = await of.collectGarbage({ limit: 2 * GARBAGE })
  if (blobs < GARBAGE) throw new Error(`${blobs} blobs were collected, of ${GARBAGE}`)
  return Math.round(blobs / ((performance.now() - begun) / 1000))
}
