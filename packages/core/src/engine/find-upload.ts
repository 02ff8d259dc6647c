import { StorageError } from '../errors/storage-error.ts'
import type { UploadTarget } from '../metadata/commands.ts'
import type { UploadQuery, UploadRecord } from '../metadata/metadata-store.ts'
import type { UploadKind } from '../model/upload.ts'
import { mayPass } from '../policy/fold-row.ts'
import { ALWAYS } from '../policy/predicate.ts'
import { objectPolicyRow } from '../policy/predicate-row.ts'
import { accessDenied } from './authorise.ts'
import type { SessionContext } from './context.ts'
import type { UploadInput } from './inputs.ts'
import { visibleUploads } from './visible-uploads.ts'
import { readUnderRequirement } from './with-requirement.ts'
import type { BucketQuestion, Grounds } from './with-requirement.ts'

/** The part of a query that says which upload, and for whom it is there. */
export function uploadQuery(session: SessionContext, input: UploadInput, { bucket }: Grounds): UploadQuery {
  return { uploadId: input.uploadId, bucketId: bucket.id, key: input.key, visible: visibleUploads(session, bucket) }
}

/** The part of a command that says which upload, and by what right. */
export function uploadTarget(session: SessionContext, input: UploadInput, grounds: Grounds): UploadTarget {
  return { ...uploadQuery(session, input, grounds), require: grounds.require }
}

/** Which upload is looked for, and of which kind. */
export interface WantedUpload {
  readonly question: BucketQuestion
  readonly input: UploadInput
  readonly kind: UploadKind
}

/** An upload, and on what grounds it was found. */
export interface FoundUpload {
  readonly upload: UploadRecord
  readonly grounds: Grounds
}

/**
 * The upload of this kind, finished or not. Throws `UploadNotFound`, also where it is there for others only, and as
 * `authorise` does; `AccessDenied` where the policy's answer of now rules out the object that an unfinished one would make.
 */
export async function findUpload(session: SessionContext, { question, input, kind }: WantedUpload): Promise<FoundUpload> {
  const { metadata } = session.engine
  const { upload, grounds } = await readUnderRequirement(session, question, {
    read: async (grounds) => ({ grounds, upload: await metadata.findUpload(uploadQuery(session, input, grounds)) }),
    isNothing: (found) => found.upload === null,
  })
  if (upload === null || upload.kind !== kind) throw uploadNotFound(input)
  // One that is finished says again what it became, as its commit would.
  if (upload.status === 'open' && !mayStillBecome(upload, grounds)) throw accessDenied(question)
  return { upload, grounds }
}

/** As the commits of an upload hold it against `proposed`: over what was said when it began. */
function mayStillBecome(upload: UploadRecord, { bucket, require }: Grounds): boolean {
  if (require.proposed === ALWAYS) return true
  const row = objectPolicyRow(bucket, { ...upload, versionId: null, size: null, etag: null })
  return mayPass(require.proposed, row)
}

/** The upload of this kind, which is not finished yet. Throws as `findUpload` does. */
export async function findOpenUpload(session: SessionContext, wanted: WantedUpload): Promise<FoundUpload> {
  const found = await findUpload(session, wanted)
  if (found.upload.status !== 'open') throw uploadNotFound(wanted.input)
  return found
}

/** The error of an upload that is not there, or not for this caller. */
export function uploadNotFound({ uploadId }: Pick<UploadInput, 'uploadId'>): StorageError<'UploadNotFound'> {
  return new StorageError('UploadNotFound', { uploadId })
}
