import type {
  CreateBucketCommand,
  CreateBucketOutcome,
  DeleteBucketCommand,
  DeleteBucketOutcome,
  Refusal,
  SetBucketPolicyCommand,
  SetBucketPolicyOutcome,
  SetVersioningCommand,
  SetVersioningOutcome,
} from '../../commands.ts'
import { bucketPolicyRow } from '../../../policy/predicate-row.ts'
import { BUCKET_COLUMN_NAMES, bucketColumns, bucketValues, readBucketRow } from '../bucket-row.ts'
import { integerOf, textOf } from '../column.ts'
import { passes, refuseAtDoor } from '../guard.ts'
import { BUCKET_POLICY_KIND } from '../../documents.ts'
import { bucketLock, documentsLock, lock, policyLock } from '../locks.ts'
import { RELEASED_EXTENTS_MAX, releaseUpload } from '../release-upload.ts'
import { policyVersion, SERVED_VERSION, servedVersion } from '../served.ts'
import type { SqlContext, SqlProgram } from '../sql-driver.ts'
import { writeDocuments } from './documents.ts'
import { forgetUploads } from '../forget-uploads.ts'
import { assert } from '../../../util/assert.ts'

const INSERT = `INSERT INTO buckets (${BUCKET_COLUMN_NAMES.join(', ')}) VALUES (${BUCKET_COLUMN_NAMES.map(() => '?').join(', ')})
ON CONFLICT (jurisdiction, name) DO NOTHING RETURNING id`
const ACCOUNT = 'SELECT account FROM buckets WHERE jurisdiction = ? AND name = ?'

/** Makes a bucket, unless one of that name is there. */
export function* createBucket(context: SqlContext, { bucket, require }: CreateBucketCommand): SqlProgram<CreateBucketOutcome> {
  yield* lock(context, [policyLock(false)])
  const refused = refuseAtDoor({ policyVersion: yield* policyVersion(), bucket, versioning: bucket.versioning }, require)
  if (refused !== null) return refused
  const row = (): ReturnType<typeof bucketPolicyRow> => bucketPolicyRow(bucket)
  const passed = (yield* passes(context, require.proposed, row)) && (yield* passes(context, require.finalCreated, row))
  if (!passed) return { outcome: 'denied', looks: 'forbidden' }
  for (;;) {
    const [created] = yield { sql: INSERT, values: bucketValues(bucket) }
    if (created !== undefined) return { outcome: 'created' }
    const [there] = yield { sql: ACCOUNT, values: [bucket.jurisdiction, bucket.name] }
    // Gone again already, on Postgres: then the name is free.
    if (there !== undefined) return { outcome: 'exists', account: textOf(there[0]) }
  }
}

const STATE = `SELECT ${SERVED_VERSION}, ${bucketColumns('b')} FROM policy_state p LEFT JOIN buckets b ON b.id = ? WHERE p.id = 1`
// Not EXISTS: where nearly all versions are in one bucket, Postgres would read all of them to find that another one has none.
const HOLDS = `SELECT 1 WHERE (SELECT key FROM objects WHERE bucket_id = ? ORDER BY key LIMIT 1) IS NOT NULL
OR (SELECT key FROM object_versions WHERE bucket_id = ? ORDER BY key LIMIT 1) IS NOT NULL`
const UPLOADS_MAX = 100
const UPLOADS = `SELECT id, manifest_id FROM uploads WHERE bucket_id = ? AND status = 'open' LIMIT ${UPLOADS_MAX}`
const ANSWERS_MAX = 1_000
const ANSWERED = `SELECT id FROM uploads WHERE bucket_id = ? AND status = 'completed' LIMIT ${ANSWERS_MAX}`
const DELETE = 'DELETE FROM buckets WHERE id = ?'
const DELETE_POLICY = 'DELETE FROM documents WHERE kind = ? AND id = ?'

/** What one command made of it. `uploads-left`: the bucket is there, and some of its uploads are gone; the same command goes on. */
export type DeleteBucketStep = DeleteBucketOutcome | { readonly outcome: 'uploads-left' }

/** Deletes an empty bucket with its uploads. Where these are many, it only ends some of them: others wait for the command. */
export function* deleteBucket(context: SqlContext, { bucketId, require }: DeleteBucketCommand): SqlProgram<DeleteBucketStep> {
  const now = yield* lock(context, [policyLock(false), bucketLock(bucketId, true)])
  const refused = yield* refuseBucket(context, bucketId, require)
  if (refused !== null) return refused
  const held = yield { sql: HOLDS, values: [bucketId, bucketId] }
  if (held.length > 0) return { outcome: 'not-empty' }
  if (!(yield* endUploads(context, bucketId, now))) return { outcome: 'uploads-left' }
  yield { sql: DELETE, values: [bucketId] }
  // Its id comes never again, so its policy could not: no version needs to be remembered.
  yield { sql: DELETE_POLICY, values: [BUCKET_POLICY_KIND, bucketId] }
  return { outcome: 'deleted' }
}

const SET_VERSIONING = 'UPDATE buckets SET versioning = ? WHERE id = ?'

/** Sets a bucket's versioning, alone with it: what commits decide by it is decided before, or after. */
export function* setVersioning(
  context: SqlContext,
  { bucketId, versioning, require }: SetVersioningCommand,
): SqlProgram<SetVersioningOutcome> {
  yield* lock(context, [policyLock(false), bucketLock(bucketId, true)])
  const refused = yield* refuseBucket(context, bucketId, require)
  if (refused !== null) return refused
  yield { sql: SET_VERSIONING, values: [versioning, bucketId] }
  return { outcome: 'set' }
}

/** Sets or deletes a bucket's policy, alone with it; where there is none to delete, nothing changes. */
export function* setBucketPolicy(
  context: SqlContext,
  { bucketId, policy, require }: SetBucketPolicyCommand,
): SqlProgram<SetBucketPolicyOutcome> {
  yield* lock(context, [policyLock(true), bucketLock(bucketId, true), documentsLock(BUCKET_POLICY_KIND)])
  const refused = yield* refuseBucket(context, bucketId, require)
  if (refused !== null) return refused
  const body = policy === null ? null : JSON.stringify(policy)
  const write = { kind: BUCKET_POLICY_KIND, id: bucketId, expected: 'any' as const, body, sealed: null }
  const written = yield* writeDocuments(context, { writes: [write], raisesPolicyVersion: true, tables: [] })
  assert(written.outcome === 'written', 'a document that expects nothing was refused')
  return { outcome: 'set', policyVersion: written.policyVersion }
}

/** Holds a requirement against a bucket's row. */
function* refuseBucket(context: SqlContext, bucketId: string, require: DeleteBucketCommand['require']): SqlProgram<Refusal | null> {
  const [row] = yield { sql: STATE, values: [bucketId] }
  const bucket = row === undefined || row[1] === null ? null : readBucketRow(row, 1)
  const facts = { policyVersion: yield* servedVersion(row?.[0]), bucket, versioning: bucket?.versioning ?? 'off' }
  const refused = refuseAtDoor(facts, require)
  if (refused !== null || bucket === null) return refused ?? { outcome: 'bucket-gone' }
  const passed = yield* passes(context, require.existing, () => bucketPolicyRow(bucket))
  return passed ? null : { outcome: 'denied', looks: require.deniedExisting }
}

/** Says whether none is left. */
function* endUploads(context: SqlContext, bucketId: string, now: number): SqlProgram<boolean> {
  const uploads = yield { sql: UPLOADS, values: [bucketId] }
  let released = 0
  for (const upload of uploads) {
    if (released >= RELEASED_EXTENTS_MAX) return false
    released += yield* releaseUpload(context, { uploadId: textOf(upload[0]), manifestId: integerOf(upload[1]), now })
  }
  if (uploads.length === UPLOADS_MAX) return false
  return (yield* forgetUploads(context, { sql: ANSWERED, values: [bucketId] })).found < ANSWERS_MAX
}

const FIND = `SELECT ${bucketColumns('b')} FROM buckets b WHERE b.jurisdiction = ? AND b.name = ?`

/** Finds a bucket by its name. */
export function* findBucket(query: {
  readonly jurisdiction: string
  readonly name: string
}): SqlProgram<ReturnType<typeof readBucketRow> | null> {
  const [row] = yield { sql: FIND, values: [query.jurisdiction, query.name] }
  return row === undefined ? null : readBucketRow(row)
}
