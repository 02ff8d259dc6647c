import { assert } from '../../util/assert.ts'
import type { ChecksumAlgorithm, ChecksumType, ObjectChecksum } from '../../model/object-checksum.ts'
import type { ObjectHeaders, ObjectInfo, Retention } from '../../model/object.ts'
import { integerOf, integerOrNull, textOf, textOrNull } from './column.ts'
import { decodeTextMap, encodeTextMap } from './json-column.ts'
import type { SqlRow, SqlValue } from './sql-driver.ts'

/** The attributes that objects, versions and uploads share, in the order of `attributeValues`. */
export const ATTRIBUTE_NAMES: readonly string[] = [
  'content_type',
  'headers',
  'user_metadata',
  'tags',
  'owner_id',
  'retention_mode',
  'retention_until',
  'legal_hold',
  'created_at',
]

/** The columns of `objects` and `object_versions` that `readObjectRow` reads, in its order. The bucket is known to whoever asks. */
export const OBJECT_COLUMN_NAMES: readonly string[] = [
  'key',
  'version_id',
  'sequence',
  'size',
  'etag',
  'part_count',
  'checksum_algorithm',
  'checksum_type',
  'checksum_value',
  ...ATTRIBUTE_NAMES,
]

/** How many columns `readObjectRow` takes: what a statement selects behind them begins there. */
export const OBJECT_COLUMN_COUNT: number = OBJECT_COLUMN_NAMES.length

/** The columns of `readObjectRow` as text of a SELECT, under a table's alias. */
export function objectColumns(alias: string): string {
  return columnList(alias, OBJECT_COLUMN_NAMES)
}

/** Column names under a table's alias, as text of a SELECT. */
export function columnList(alias: string, names: readonly string[]): string {
  return names.map((name) => `${alias}.${name}`).join(', ')
}

/** What `readObjectRow` cannot read from the columns. */
export interface ObjectRowPlace {
  readonly bucketId: string
  /** Whether the row is the current version of its key. */
  readonly latest: boolean
  readonly deleteMarker: boolean
}

/** A row of `objectColumns`, from position `at` on, as the model's object. */
export function readObjectRow(row: SqlRow, place: ObjectRowPlace, at: number = 0): ObjectInfo {
  return {
    bucketId: place.bucketId,
    key: textOf(row[at]),
    versionId: textOf(row[at + 1]),
    deleteMarker: place.deleteMarker,
    latest: place.latest,
    sequence: integerOf(row[at + 2]),
    size: integerOf(row[at + 3]),
    etag: textOf(row[at + 4]),
    partCount: integerOrNull(row[at + 5]),
    checksum: readChecksum(row, at + 6),
    ...readAttributes(row, at + 9),
  }
}

/** What a client says of an object, as `readAttributes` gives it. */
export type Attributes = Pick<ObjectInfo, 'headers' | 'userMetadata' | 'tags' | 'ownerId' | 'retention' | 'legalHold' | 'createdAt'>

/** The columns of `ATTRIBUTE_NAMES`, from position `at` on. */
export function readAttributes(row: SqlRow, at: number): Attributes {
  return {
    headers: readHeaders(row, at),
    userMetadata: decodeTextMap(row[at + 2]),
    tags: decodeTextMap(row[at + 3]),
    ownerId: textOrNull(row[at + 4]),
    retention: readRetention(row, at + 5),
    legalHold: row[at + 7] === 1,
    createdAt: new Date(integerOf(row[at + 8])),
  }
}

/** Reads `content_type, headers`. */
export function readHeaders(row: SqlRow, at: number): ObjectHeaders {
  const contentType = textOrNull(row[at])
  const headers: ObjectHeaders = decodeTextMap(row[at + 1])
  return contentType === null ? headers : { contentType, ...headers }
}

/** The values of `ATTRIBUTE_NAMES`, in its order. */
export function attributeValues(attributes: Attributes): SqlValue[] {
  const { contentType, ...others } = attributes.headers
  return [
    contentType ?? null,
    encodeTextMap(others),
    encodeTextMap(attributes.userMetadata),
    encodeTextMap(attributes.tags),
    attributes.ownerId,
    attributes.retention?.mode ?? null,
    attributes.retention?.until.getTime() ?? null,
    attributes.legalHold ? 1 : 0,
    attributes.createdAt.getTime(),
  ]
}

/** The values of `OBJECT_COLUMN_NAMES`, in its order. */
export function objectValues(object: Omit<ObjectInfo, 'bucketId' | 'latest' | 'deleteMarker'>): SqlValue[] {
  return [
    object.key,
    object.versionId,
    object.sequence,
    object.size,
    object.etag,
    object.partCount,
    object.checksum?.algorithm ?? null,
    object.checksum?.type ?? null,
    object.checksum?.value ?? null,
    ...attributeValues(object),
  ]
}

const ALGORITHMS: ReadonlySet<string> = new Set<ChecksumAlgorithm>(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'])

/** Reads `checksum_algorithm, checksum_type, checksum_value`; null where the first or the last is NULL. */
export function readChecksum(row: SqlRow, at: number): ObjectChecksum | null {
  const kind = readChecksumKind(row, at)
  return kind === null || row[at + 2] === null ? null : { ...kind, value: textOf(row[at + 2]) }
}

/** Reads `checksum_algorithm, checksum_type`; null where there is none. */
export function readChecksumKind(row: SqlRow, at: number): Pick<ObjectChecksum, 'algorithm' | 'type'> | null {
  const algorithm = textOrNull(row[at])
  if (algorithm === null) return null
  const type = textOf(row[at + 1])
  assert(isAlgorithm(algorithm) && isChecksumType(type), `the row holds the checksum ${algorithm}, ${type}`)
  return { algorithm, type }
}

function isAlgorithm(text: string): text is ChecksumAlgorithm {
  return ALGORITHMS.has(text)
}

function isChecksumType(text: string): text is ChecksumType {
  return text === 'FULL_OBJECT' || text === 'COMPOSITE'
}

function readRetention(row: SqlRow, at: number): Retention | null {
  const mode = textOrNull(row[at])
  if (mode === null) return null
  assert(mode === 'governance' || mode === 'compliance', `the row holds the retention mode ${mode}`)
  return { mode, until: new Date(integerOf(row[at + 1])) }
}
