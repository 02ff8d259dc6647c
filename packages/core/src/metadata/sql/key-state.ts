import type { Versioning } from '../../model/bucket.ts'
import type { ObjectInfo } from '../../model/object.ts'
import { assert } from '../../util/assert.ts'
import { BUCKET_FACTS, readBucketFacts } from './bucket-facts.ts'
import { bytesOrNull, integerOf, textOf } from './column.ts'
import { readExtentsHeader } from './extent-codec.ts'
import type { ExtentsHeader } from './extent-codec.ts'
import type { GuardFacts } from './guard.ts'
import { OBJECT_COLUMN_COUNT, objectColumns, readObjectRow } from './object-row.ts'
import { SERVED_VERSION, servedVersion } from './served.ts'
import type { SqlContext, SqlDialect, SqlProgram, SqlRow, SqlValue } from './sql-driver.ts'

/** One version in the tables, with what must be let go when it goes. */
export interface HeldVersion {
  readonly info: ObjectInfo
  readonly manifestId: number
  readonly header: ExtentsHeader
  /** Whether its row is the one in `objects`. */
  readonly live: boolean
}

/** What a command that changes a key looks at first. Its locks are held by then. */
export interface KeyState extends GuardFacts {
  /** The row in `objects`: the current version, never a delete marker. */
  readonly current: HeldVersion | null
  /** What `nextSequence` gave; to be handed to `context.sequence`. */
  readonly sequence: SqlValue
  /** The store's time, in milliseconds, once the locks are held. */
  readonly now: number
}

const HELD = (alias: string): string => `${objectColumns(alias)}, ${alias}.manifest_id, substr(${alias}.extents, 1, 2)`
const BEFORE = 7

const stateTexts = new Map<string, string>()
function stateText({ name, nextSequence, storeTime }: SqlDialect): string {
  let text = stateTexts.get(name)
  if (text === undefined) {
    text = `SELECT ${SERVED_VERSION}, ${BUCKET_FACTS}, b.versioning, ${nextSequence}, ${storeTime}, ${HELD('o')}
FROM policy_state p LEFT JOIN buckets b ON b.id = ? LEFT JOIN objects o ON o.bucket_id = b.id AND o.key = ?
WHERE p.id = 1`
    stateTexts.set(name, text)
  }
  return text
}

/** Reads the policy's version, the bucket and the current version of the key in one statement. */
export function* readKeyState(context: SqlContext, bucketId: string, key: string): SqlProgram<KeyState> {
  const [row] = yield { sql: stateText(context.dialect), values: [bucketId, key] }
  assert(row !== undefined, 'policy_state has no row')
  const bucket = row[1] === null ? null : readBucketFacts(row, 1)
  return {
    policyVersion: yield* servedVersion(row[0]),
    bucket,
    versioning: bucket === null ? 'off' : versioningOf(row[4]),
    sequence: row[5] ?? null,
    now: context.now ?? integerOf(row[6]),
    current: row[BEFORE] === null ? null : readHeld(row, { bucketId, live: true, deleteMarker: false, at: BEFORE }),
  }
}

/** Reads a bucket's `versioning` column. */
export function versioningOf(value: SqlValue | undefined): Versioning {
  const text = textOf(value)
  assert(text === 'off' || text === 'enabled' || text === 'suspended', `the bucket's versioning is ${text}`)
  return text
}

interface HeldPlace {
  readonly bucketId: string
  readonly live: boolean
  readonly deleteMarker: boolean
  readonly at: number
}

function readHeld(row: SqlRow, { bucketId, live, deleteMarker, at }: HeldPlace): HeldVersion {
  return {
    info: readObjectRow(row, { bucketId, latest: live, deleteMarker }, at),
    manifestId: integerOf(row[at + OBJECT_COLUMN_COUNT]),
    header: readExtentsHeader(bytesOrNull(row[at + OBJECT_COLUMN_COUNT + 1])),
    live,
  }
}

const ONE_VERSION = `SELECT ${HELD('v')}, v.delete_marker FROM object_versions v WHERE v.bucket_id = ? AND v.key = ? AND v.version_id = ?`
const NEWEST_VERSION = `SELECT ${HELD('v')}, v.delete_marker FROM object_versions v WHERE v.bucket_id = ? AND v.key = ? ORDER BY v.sequence DESC LIMIT 1`

/** A noncurrent version or a delete marker, by its id. */
export function* readNoncurrent(bucketId: string, key: string, versionId: string): SqlProgram<HeldVersion | null> {
  const [row] = yield { sql: ONE_VERSION, values: [bucketId, key, versionId] }
  return row === undefined ? null : readVersionRow(row, bucketId)
}

/** The newest row of a key in `object_versions`. */
export function* readNewestNoncurrent(bucketId: string, key: string): SqlProgram<HeldVersion | null> {
  const [row] = yield { sql: NEWEST_VERSION, values: [bucketId, key] }
  return row === undefined ? null : readVersionRow(row, bucketId)
}

function readVersionRow(row: SqlRow, bucketId: string): HeldVersion {
  return readHeld(row, { bucketId, live: false, deleteMarker: row[OBJECT_COLUMN_COUNT + 2] === 1, at: 0 })
}
