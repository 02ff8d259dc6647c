import { postgresMetadata } from '@stowage/core/postgres'
import type { Pool } from 'pg'

/** Makes a schema with so many rows in each table that grows with what is stored, by the database itself, and gathers statistics. */
export async function fillSchema(pool: Pool, { schema, rows }: { readonly schema: string; readonly rows: number }): Promise<void> {
  const store = postgresMetadata({ pool, schema })
  await store.open()
  await store.close()
  const client = await pool.connect()
  try {
    await client.query(`SET search_path TO ${schema}`)
    for (const text of statements(rows)) await client.query(text)
    await client.query('VACUUM ANALYZE')
  } finally {
    client.release(true)
  }
}

/** One large bucket and 1,000 small ones, keys in ten folders, a hundred owners, ten keys with many versions, uploads of 10,000 parts, a batch of reserved blobs a process. */
function statements(rows: number): readonly string[] {
  const from = `FROM generate_series(1, ${rows}) n`
  const padded = `lpad(n::text, 9, '0')`
  const bucket = `CASE WHEN n % 1000 = 0 THEN 'b' || (n / 1000) ELSE 'large' END`
  const key = `'d' || (n % 10) || '/' || ${padded}`
  const version = 'bucket_id, key, version_id, sequence, manifest_id, size, etag, owner_id, legal_hold, created_at'
  const ofVersion = `'o' || (n % 100), 0, n`
  const hot = `'d' || (n % 10) || '/' || CASE WHEN n % 100 = 0 THEN 'hot' ELSE ${padded} END`
  const upload = 'id, kind, bucket_id, key, manifest_id, status, received, owner_id, legal_hold, created_at, expires_at, completed_at'
  const few = Math.min(rows, 100_000)
  return [
    `INSERT INTO objects (${version}) SELECT ${bucket}, ${key}, 'v' || n, ${rows} + n, n, n, 'e', ${ofVersion} ${from}`,
    `INSERT INTO object_versions (${version}, delete_marker) SELECT 'large', ${hot}, 'w' || n, n, ${rows} + n, n, 'e', ${ofVersion}, n % 2 ${from}`,
    `INSERT INTO uploads (${upload}) SELECT 'u' || ${padded}, CASE WHEN n % 3 = 0 THEN 'append' ELSE 'parts' END, ${bucket}, ${key}, ${2 * rows} + n,
      CASE WHEN n % 2 = 0 THEN 'open' ELSE 'completed' END, 0, ${ofVersion}, n, CASE WHEN n % 2 = 0 THEN NULL ELSE n END ${from}`,
    `INSERT INTO buckets (id, jurisdiction, name, account, public, versioning, created_at)
      SELECT 'b' || n, 'default', 'n' || ${padded}, 'a' || (n % 1000), 0, 'off', n FROM generate_series(1, ${few}) n`,
    `INSERT INTO parts (manifest_id, part_number, size, etag, created_at, extents) SELECT n / 10000, n % 10000, n, 'e', n, '\\x00' ${from}`,
    `INSERT INTO append_pieces (manifest_id, piece_offset, length, extents) SELECT n / 100, n % 100, 1, '\\x00' ${from}`,
    `INSERT INTO blob_refs (backend_id, blob, manifest_id, part_number) SELECT 'main', md5(n::text), n, 0 ${from}`,
    `INSERT INTO garbage (backend_id, blob, state, process_id, changed_at)
      SELECT 'main', md5('g' || n), CASE WHEN n % 1000 = 0 THEN 'reserved' WHEN n % 2 = 0 THEN 'claimed' ELSE 'queued' END, CASE WHEN n % 1000 = 0 THEN 'p' || (n % 5) END, n ${from}`,
    `INSERT INTO inline_bytes (id, bytes) SELECT n, '\\x00' ${from}`,
    `INSERT INTO documents (kind, id, version, body) SELECT 'k' || (n % 10), ${padded}, 1, '{}' FROM generate_series(1, ${few}) n`,
    `INSERT INTO processes (id, heartbeat_at, lapsed) SELECT 'p' || n, n, 0 FROM generate_series(1, 5) n`,
    `INSERT INTO jobs (id, kind, run_at, attempts) SELECT 'job ' || n, 'k', n, 0 FROM generate_series(1, 5) n`,
  ]
}
