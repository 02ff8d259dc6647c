import { StorageError } from '../errors/storage-error.ts'
import type { FindObjectQuery, Found } from '../metadata/queries.ts'
import type { Conditions } from '../model/conditions.ts'
import { evaluateConditions } from '../model/evaluate-conditions.ts'
import type { ObjectInfo } from '../model/object.ts'
import { accessDenied } from './authorise.ts'
import { notFound, preconditionFailed } from './refusal-error.ts'
import type { BucketQuestion, Grounds } from './with-requirement.ts'

/** The store's query for what a question names. */
export function findQuery({ bucket, require }: Grounds, question: BucketQuestion): FindObjectQuery {
  const key = question.key ?? ''
  return question.versionId === null
    ? { bucketId: bucket.id, key, require }
    : { bucketId: bucket.id, key, require, versionId: question.versionId }
}

/** Whether a look-up found nothing: the bucket may be another one than was remembered. */
export function foundNothing(found: Found<unknown>): boolean {
  return found.outcome !== 'found'
}

/**
 * The object that was found, or the error of its absence. A delete marker is absence; asked for by its version id it is
 * `DeleteMarkerFound`.
 */
export function presentObject<T extends ObjectInfo>(found: Found<T>, question: BucketQuestion): T {
  if (found.outcome !== 'found') throw found.outcome === 'forbidden' ? accessDenied(question) : notFound(question)
  const { object } = found
  if (!object.deleteMarker) return object
  if (question.versionId === null) throw notFound(question)
  const { key, versionId } = object
  throw new StorageError('DeleteMarkerFound', { bucket: question.address.name, key, versionId })
}

/** Throws `NotModified` or `PreconditionFailed` where a reader's conditions do not hold. */
export function checkReadConditions(conditions: Conditions | undefined, info: ObjectInfo): void {
  const failed = conditions === undefined ? null : evaluateConditions(conditions, info)
  if (failed === null || failed === 'absent') return
  if (failed === 'ifNoneMatch' || failed === 'ifModifiedSince') {
    throw new StorageError('NotModified', { etag: info.etag, lastModified: info.createdAt })
  }
  throw preconditionFailed(failed)
}

/** Throws `PreconditionFailed` where the conditions on a copy's source do not hold: nobody has its bytes already. */
export function checkSourceConditions(conditions: Conditions | undefined, info: ObjectInfo): void {
  const failed = conditions === undefined ? null : evaluateConditions(conditions, info)
  if (failed !== null && failed !== 'absent') throw preconditionFailed(failed)
}

/** An object's facts alone, without where its bytes are. Field by field: this is on the way of every GET. */
export function infoOf(object: ObjectInfo): ObjectInfo {
  return {
    bucketId: object.bucketId,
    key: object.key,
    versionId: object.versionId,
    deleteMarker: object.deleteMarker,
    latest: object.latest,
    sequence: object.sequence,
    size: object.size,
    etag: object.etag,
    partCount: object.partCount,
    checksum: object.checksum,
    headers: object.headers,
    userMetadata: object.userMetadata,
    tags: object.tags,
    ownerId: object.ownerId,
    retention: object.retention,
    legalHold: object.legalHold,
    createdAt: object.createdAt,
  }
}
