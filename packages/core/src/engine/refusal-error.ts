import { StorageError } from '../errors/storage-error.ts'
import type { StorageErrorDetails } from '../errors/error-details.ts'
import type { Refusal } from '../metadata/commands.ts'
import type { Conditions } from '../model/conditions.ts'
import { accessDenied } from './authorise.ts'
import type { Question } from './authorise.ts'

type ConditionName = StorageErrorDetails['PreconditionFailed']['condition']

const CONDITION_NAMES: Readonly<Record<keyof Conditions, ConditionName>> = {
  ifMatch: 'if-match',
  ifNoneMatch: 'if-none-match',
  ifModifiedSince: 'if-modified-since',
  ifUnmodifiedSince: 'if-unmodified-since',
}

/** The error that a refusal is to the caller of this question. */
export function refusalError(refusal: Refusal, question: Question): StorageError {
  switch (refusal.outcome) {
    case 'denied':
      return refusal.looks === 'absent' ? notFound(question) : accessDenied(question)
    case 'precondition':
      return preconditionFailed(refusal.condition)
    case 'absent':
      return notFound(question)
    case 'bucket-gone':
      return new StorageError('Conflict', { what: 'the bucket was deleted and made again' }, { retryable: true })
    case 'bucket-changed':
      return new StorageError('Conflict', { what: "the bucket's versioning kept changing" }, { retryable: true })
    case 'policy-changed':
      return new StorageError('Conflict', { what: 'the policy kept changing' }, { retryable: true })
    case 'locked':
      return new StorageError('ObjectLocked', {
        bucket: question.address?.name ?? '',
        key: question.key ?? '',
        versionId: refusal.versionId,
      })
    default:
      return new StorageError('Conflict', { what: 'the source kept changing' }, { retryable: true })
  }
}

/** The error of a condition that does not hold, where it is not one that means 'you have it already'. */
export function preconditionFailed(condition: keyof Conditions): StorageError<'PreconditionFailed'> {
  return new StorageError('PreconditionFailed', { condition: CONDITION_NAMES[condition] })
}

/** Absence of what the question is about: a version, an object, or a bucket. */
export function notFound(question: Question): StorageError {
  const bucket = question.address?.name ?? ''
  const { key, versionId } = question
  if (key === null) return new StorageError('BucketNotFound', { bucket })
  return versionId === null
    ? new StorageError('ObjectNotFound', { bucket, key })
    : new StorageError('VersionNotFound', { bucket, key, versionId })
}
