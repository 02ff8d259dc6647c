import type { BucketInfo } from '../model/bucket.ts'
import type { ObjectHeaders } from '../model/object.ts'
import { uuidOrNull } from './evaluate-cast.ts'
import type { RowColumn } from './predicate.ts'

/** One row as a predicate reads it. A column that is absent is null. */
export type PolicyRow = Readonly<Partial<Record<RowColumn, unknown>>>

/** What a row of an object, of a delete marker or of an upload says of itself; what it does not have is null. */
export interface ObjectFacts {
  readonly key: string
  readonly ownerId: string | null
  readonly versionId: string | null
  readonly createdAt: Date
  readonly size: number | null
  /** What the client said how long it would be, where its bytes are not measured yet; `contentLength` in `metadata`, as in Supabase Storage. */
  readonly declaredSize?: number | null
  /** Without quotes. */
  readonly etag: string | null
  readonly headers: ObjectHeaders
  readonly userMetadata: Readonly<Record<string, string>>
}

/** What a row of an object says of its bucket. */
export type BucketRowFacts = Pick<BucketInfo, 'name' | 'account' | 'public'>

/**
 * The row of an object as predicates see it; `predicateColumns` in the SQL store must say the same of the stored row. User metadata is
 * null where there is none, as in Supabase Storage, and `metadata` has no member for what is not known; times are milliseconds since 1970.
 */
export function objectPolicyRow(bucket: BucketRowFacts, facts: ObjectFacts): PolicyRow {
  const contentType = facts.headers.contentType ?? null
  const createdAt = facts.createdAt.getTime()
  return {
    id: uuidOrNull(facts.versionId),
    bucket_id: bucket.name,
    name: facts.key,
    owner: uuidOrNull(facts.ownerId),
    owner_id: facts.ownerId,
    version: facts.versionId,
    created_at: createdAt,
    updated_at: createdAt,
    last_accessed_at: createdAt,
    size: facts.size,
    etag: facts.etag,
    content_type: contentType,
    metadata: objectMetadata({ contentType, facts }),
    user_metadata: Object.keys(facts.userMetadata).length === 0 ? null : facts.userMetadata,
    path_tokens: pathTokens(facts.key),
    account: bucket.account,
    public: bucket.public,
  }
}

/** The column `metadata` of a row of an object. */
function objectMetadata(row: {
  readonly contentType: string | null
  readonly facts: ObjectFacts
}): Readonly<Record<string, string | number>> {
  const { contentType, facts } = row
  const { size, etag, declaredSize = null } = facts
  const contentLength = size ?? declaredSize
  return {
    ...(contentType === null ? {} : { mimetype: contentType }),
    ...(size === null ? {} : { size }),
    ...(contentLength === null ? {} : { contentLength }),
    ...(etag === null ? {} : { eTag: `"${etag}"` }),
  }
}

/** The row of a bucket as predicates see it. */
export function bucketPolicyRow(bucket: BucketInfo): PolicyRow {
  const createdAt = bucket.createdAt.getTime()
  return {
    bucket_id: bucket.name,
    name: bucket.name,
    owner: uuidOrNull(bucket.account),
    owner_id: bucket.account,
    created_at: createdAt,
    updated_at: createdAt,
    last_accessed_at: createdAt,
    account: bucket.account,
    public: bucket.public,
    path_tokens: pathTokens(bucket.name),
  }
}

/** The names between the slashes of a key, empty ones included; nothing for the empty key. */
export function pathTokens(key: string): readonly string[] {
  return key === '' ? [] : key.split('/')
}
