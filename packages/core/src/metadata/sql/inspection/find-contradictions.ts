import type { SqlContext, SqlProgram } from '../sql-driver.ts'

/** Of each kind so many are told; the last sentence says that there are more. */
const TOLD_MAX = 100

interface Contradiction {
  /** Selects what identifies each row that is wrong. */
  readonly sql: string
  readonly say: (row: readonly string[]) => string
}

const GONE_BUCKET = (table: string): string =>
  `SELECT DISTINCT t.bucket_id FROM ${table} t WHERE NOT EXISTS (SELECT 1 FROM buckets b WHERE b.id = t.bucket_id)`
const PART_FACTS = (table: string): string =>
  `SELECT t.bucket_id, t.key, t.version_id, t.part_count FROM ${table} t WHERE t.part_count IS NOT NULL
AND t.part_count <> (SELECT count(*) FROM parts p WHERE p.manifest_id = t.manifest_id)`
const HOLDERS = `SELECT manifest_id FROM uploads WHERE status = 'open'
UNION ALL SELECT manifest_id FROM objects UNION ALL SELECT manifest_id FROM object_versions`
const PIECE_HOLDERS = `SELECT manifest_id FROM uploads WHERE status = 'open'`

const CONTRADICTIONS: readonly Contradiction[] = [
  ...['objects', 'object_versions', 'uploads'].map((table) => ({
    sql: GONE_BUCKET(table),
    say: ([bucketId]: readonly string[]) => `${table} has rows of bucket ${bucketId}, which is not there`,
  })),
  {
    sql: `SELECT o.bucket_id, o.key FROM objects o WHERE EXISTS
(SELECT 1 FROM object_versions v WHERE v.bucket_id = o.bucket_id AND v.key = o.key AND v.sequence >= o.sequence)`,
    say: ([bucketId, key]) => `the current version of ${key} in ${bucketId} is older than a noncurrent one`,
  },
  {
    sql: `SELECT v.bucket_id, v.key FROM object_versions v WHERE v.delete_marker = 0
AND NOT EXISTS (SELECT 1 FROM objects o WHERE o.bucket_id = v.bucket_id AND o.key = v.key)
AND NOT EXISTS (SELECT 1 FROM object_versions n WHERE n.bucket_id = v.bucket_id AND n.key = v.key AND n.sequence > v.sequence)`,
    say: ([bucketId, key]) => `${key} in ${bucketId} has versions, no delete marker on top, and none that is current`,
  },
  {
    sql: `SELECT o.bucket_id, o.key, o.version_id FROM objects o
JOIN object_versions v ON v.bucket_id = o.bucket_id AND v.key = o.key AND v.version_id = o.version_id`,
    say: ([bucketId, key, versionId]) => `version ${versionId} of ${key} in ${bucketId} is there twice`,
  },
  ...['objects', 'object_versions'].map((table) => ({
    sql: PART_FACTS(table),
    say: ([bucketId, key, versionId, count]: readonly string[]) =>
      `version ${versionId} of ${key} in ${bucketId} was completed from ${count} parts, and has facts of another number`,
  })),
  {
    sql: `SELECT DISTINCT p.manifest_id FROM parts p WHERE p.manifest_id NOT IN (${HOLDERS})`,
    say: ([manifestId]) => `parts of manifest ${manifestId} belong to nothing`,
  },
  {
    sql: `SELECT DISTINCT p.manifest_id FROM append_pieces p WHERE p.manifest_id NOT IN (${PIECE_HOLDERS})`,
    say: ([manifestId]) => `pieces of manifest ${manifestId} belong to no unfinished upload`,
  },
  {
    sql: `SELECT u.id, u.received FROM uploads u WHERE u.kind = 'append' AND u.status = 'open'
AND u.received <> coalesce((SELECT sum(p.length) FROM append_pieces p WHERE p.manifest_id = u.manifest_id), 0)`,
    say: ([uploadId, received]) => `upload ${uploadId} stands at ${received}, and its pieces have another length together`,
  },
  {
    sql: `SELECT u.id, u.extent_count FROM uploads u WHERE u.kind = 'append' AND u.status = 'open'
AND u.extent_count <> (SELECT count(*) FROM append_pieces p WHERE p.manifest_id = u.manifest_id)`,
    say: ([uploadId, count]) => `upload ${uploadId} counts ${count} pieces, and has another number`,
  },
]

/** What rows contradict each other in. */
export function* findContradictions(): SqlProgram<readonly string[]> {
  const sentences: string[] = []
  for (const { sql, say } of CONTRADICTIONS) {
    const rows = yield { sql: `${sql} LIMIT ${TOLD_MAX + 1}`, values: [] }
    sentences.push(...rows.slice(0, TOLD_MAX).map((row) => say(row.map(String))))
    if (rows.length > TOLD_MAX) sentences.push(`and more of these than ${TOLD_MAX}`)
  }
  return sentences
}

const INVALID_INDEXES = `SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND NOT (i.indisvalid AND i.indisready)`

/** The database's check of itself. Postgres has none that a client may run; what it knows of broken indexes is asked. */
export function* checkIntegrity({ dialect }: SqlContext): SqlProgram<readonly string[]> {
  if (dialect.name === 'postgres') {
    return (yield { sql: INVALID_INDEXES, values: [] }).map((row) => `index ${String(row[0])} is not valid`)
  }
  return (yield { sql: 'PRAGMA integrity_check', values: [] }).map((row) => String(row[0])).filter((text) => text !== 'ok')
}
