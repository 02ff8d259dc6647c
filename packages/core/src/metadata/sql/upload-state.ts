import type { Refusal, UploadTarget } from '../commands.ts'
import type { UploadQuery } from '../metadata-store.ts'
import type { UploadInfo } from '../../model/upload.ts'
import { objectPolicyRow } from '../../policy/predicate-row.ts'
import type { BucketRowFacts, ObjectFacts, PolicyRow } from '../../policy/predicate-row.ts'
import { BUCKET_FACTS, readBucketFacts } from './bucket-facts.ts'
import { bytesOrNull, integerOf, textOrNull } from './column.ts'
import { decodeAnswer } from './completed-answer.ts'
import type { CompletedAnswer } from './completed-answer.ts'
import { passes, refuse, refuseAtDoor } from './guard.ts'
import type { Guarded } from './guard.ts'
import { readKeyState } from './key-state.ts'
import type { KeyState } from './key-state.ts'
import type { SqlContext, SqlProgram } from './sql-driver.ts'
import { readUploadRow, UPLOAD_COLUMN_COUNT, uploadColumns } from './upload-row.ts'

/** An upload as commands see it. */
export interface HeldUpload {
  readonly info: UploadInfo
  readonly manifestId: number
  readonly hashState: Uint8Array | null
  /** The pieces of an append upload. */
  readonly extentCount: number
  /** Null while it is open. */
  readonly answer: CompletedAnswer | null
}

// Behind the upload's columns.
const MANIFEST_AT = UPLOAD_COLUMN_COUNT
const HASH_STATE_AT = MANIFEST_AT + 1
const STATUS_AT = HASH_STATE_AT + 1
const RESULT_AT = STATUS_AT + 1
const BUCKET_AT = RESULT_AT + 1
const EXTENT_COUNT_AT = BUCKET_AT + 3

const SELECT = `SELECT ${uploadColumns('u')}, u.manifest_id, u.hash_state, u.status, u.result, ${BUCKET_FACTS}, u.extent_count
FROM uploads u JOIN buckets b ON b.id = u.bucket_id WHERE u.id = ? AND u.bucket_id = ? AND u.key = ?`

/** Reads an upload of this bucket and key that `visible` lets see; null where there is none. */
export function* readUpload(context: SqlContext, { uploadId, bucketId, key, visible }: UploadQuery): SqlProgram<HeldUpload | null> {
  const [row] = yield { sql: SELECT, values: [uploadId, bucketId, key] }
  if (row === undefined) return null
  const info = readUploadRow(row, bucketId)
  const bucket = readBucketFacts(row, BUCKET_AT)
  if (!(yield* passes(context, visible, () => uploadOwnership(bucket, info)))) return null
  const completed = row[STATUS_AT] === 'completed'
  const result = textOrNull(row[RESULT_AT])
  return {
    info,
    manifestId: integerOf(row[MANIFEST_AT]),
    hashState: bytesOrNull(row[HASH_STATE_AT]),
    extentCount: integerOf(row[EXTENT_COUNT_AT]),
    answer: completed && result !== null ? decodeAnswer(result, bucketId) : null,
  }
}

/** What `visible` is held against. Here the account is not that of the bucket. */
function uploadOwnership(bucket: BucketRowFacts, info: UploadInfo): PolicyRow {
  return { ...objectPolicyRow(bucket, uploadFacts(info)), account: info.ownerAccount }
}

/** The object that an upload would make, before its bytes are known. */
export function uploadFacts(info: Omit<UploadInfo, 'offset'>): ObjectFacts {
  return { ...info, versionId: null, size: null, etag: null }
}

/** Why an upload command changes nothing. */
export type UploadRefusal = Refusal | { readonly outcome: 'upload-gone' }

/** What a command finds at the key of its upload, or why it ends. */
export type KeyAndUpload =
  | { readonly refused: UploadRefusal }
  | { readonly refused: null; readonly state: KeyState; readonly bucket: BucketRowFacts; readonly upload: HeldUpload }

/** Reads key and upload. The upload may be completed. */
export function* readKeyAndUpload(context: SqlContext, target: UploadTarget): SqlProgram<KeyAndUpload> {
  const state = yield* readKeyState(context, target.bucketId, target.key)
  const refused = refuseAtDoor(state, target.require)
  if (refused !== null || state.bucket === null) return { refused: refused ?? { outcome: 'bucket-gone' } }
  const upload = yield* readUpload(context, target)
  if (upload === null) return { refused: { outcome: 'upload-gone' } }
  return { refused: null, state, bucket: state.bucket, upload }
}

/** As `readKeyAndUpload`, for commands that change it: it must be open and of the kind, and pass `proposed` and `existing`. */
export function* readUploadToChange(context: SqlContext, target: UploadTarget, kind: UploadInfo['kind'] | null): SqlProgram<KeyAndUpload> {
  const found = yield* readKeyAndUpload(context, target)
  if (found.refused !== null) return found
  const { state, bucket, upload } = found
  if (upload.answer !== null || (kind !== null && upload.info.kind !== kind)) return { refused: { outcome: 'upload-gone' } }
  const refused = yield* refuse(context, guardedUpload({ bucket, state, facts: uploadFacts(upload.info), require: target.require }))
  return refused === null ? found : { refused }
}

/** An upload that touches nothing yet, to be held against its requirement. */
export function guardedUpload(step: {
  readonly bucket: BucketRowFacts
  readonly state: KeyState
  readonly facts: ObjectFacts
  readonly require: UploadTarget['require']
}): Guarded {
  const existing = step.state.current?.info ?? null
  return {
    bucket: step.bucket,
    require: step.require,
    conditions: {},
    proposed: step.facts,
    existing,
    touched: existing === null ? [] : [existing],
    destroyed: [],
    bypass: null,
    now: 0,
  }
}
