import type { BucketInfo } from '../model/bucket.ts'
import type { ObjectHeaders } from '../model/object.ts'
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
  /** Without quotes. */
  readonly etag: string | null
  readonly headers: ObjectHeaders
  readonly userMetadata: Readonly<Record<string, string>>
}

/**
 * The row of an object as predicates see it; `predicateColumns` in the SQL store must say the same of the stored row.
 * User metadata is null where there is none, as in Supabase Storage; times are milliseconds since 1970.
 */
export function objectPolicyRow(bucketName: string, facts: ObjectFacts): PolicyRow {
  const contentType = facts.headers.contentType ?? null
  return {
    bucket_id: bucketName,
    name: facts.key,
    owner_id: facts.ownerId,
    version: facts.versionId,
    created_at: facts.createdAt.getTime(),
    size: facts.size,
    etag: facts.etag,
    content_type: contentType,
    metadata: {
      mimetype: contentType,
      size: facts.size,
      contentLength: facts.size,
      eTag: facts.etag === null ? null : `"${facts.etag}"`,
    },
    user_metadata: Object.keys(facts.userMetadata).length === 0 ? null : facts.userMetadata,
    path_tokens: pathTokens(facts.key),
  }
}

/** The row of a bucket as predicates see it. */
export function bucketPolicyRow(bucket: BucketInfo): PolicyRow {
  return {
    bucket_id: bucket.name,
    name: bucket.name,
    owner_id: bucket.account,
    created_at: bucket.createdAt.getTime(),
    account: bucket.account,
    public: bucket.public,
    path_tokens: pathTokens(bucket.name),
  }
}

/** The names between the slashes of a key, empty ones included; nothing for the empty key. */
export function pathTokens(key: string): readonly string[] {
  return key === '' ? [] : key.split('/')
}
