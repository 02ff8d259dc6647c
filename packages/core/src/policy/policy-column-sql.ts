import type { PolicyTable } from './row-policy.ts'
import type { RowColumn } from './predicate.ts'

/** How the columns of a table are written; `{row}` stands for what names the row, with its dot. */
type ColumnTexts = Readonly<Record<RowColumn, string>>

/** The bucket of an object. The row is named in full: no alias of a relation can stand before it. */
const OF_BUCKET = (column: string): string =>
  `(SELECT ${column} FROM storage.buckets WHERE id OPERATOR(pg_catalog.=) storage.objects.bucket_id)`

/**
 * Supabase's `storage.objects` has no columns for the size, the ETag and the type of the content: they are members of `metadata`. The
 * bucket's own facts are looked up in `storage.buckets`, under the policies of whoever asks: what he may not see there is null.
 */
const OBJECT_COLUMNS: ColumnTexts = {
  id: '{row}id',
  bucket_id: '{row}bucket_id',
  name: '{row}name',
  owner: '{row}owner',
  owner_id: '{row}owner_id',
  version: '{row}version',
  created_at: '{row}created_at',
  updated_at: '{row}updated_at',
  last_accessed_at: '{row}last_accessed_at',
  size: `({row}metadata OPERATOR(pg_catalog.->>) 'size'::text)::bigint`,
  // Without the first character and the last, which are the quotation marks.
  etag: `pg_catalog.left(pg_catalog.right({row}metadata OPERATOR(pg_catalog.->>) 'eTag'::text, '-1'::integer), '-1'::integer)`,
  content_type: `({row}metadata OPERATOR(pg_catalog.->>) 'mimetype'::text)`,
  metadata: '{row}metadata',
  user_metadata: '{row}user_metadata',
  path_tokens: '{row}path_tokens',
  account: OF_BUCKET('owner_id'),
  public: OF_BUCKET('public'),
}

/** The bucket's name is its `id` in Supabase, and its account its owner. What a bucket does not have is null. */
const BUCKET_COLUMNS: ColumnTexts = {
  id: 'NULL::uuid',
  bucket_id: '{row}id',
  name: '{row}name',
  owner: '{row}owner',
  owner_id: '{row}owner_id',
  version: 'NULL::text',
  created_at: '{row}created_at',
  updated_at: '{row}updated_at',
  last_accessed_at: '{row}created_at',
  size: 'NULL::bigint',
  etag: 'NULL::text',
  content_type: 'NULL::text',
  metadata: 'NULL::jsonb',
  user_metadata: 'NULL::jsonb',
  path_tokens: `pg_catalog.string_to_array({row}name, '/'::text)`,
  account: '{row}owner_id',
  public: '{row}public',
}

/**
 * A column of the row as text of a policy on Supabase's tables. `nested`: inside a subquery, where a bare name would be that of the
 * subquery's own table.
 */
export function policyColumnSql(table: PolicyTable, column: RowColumn, nested: boolean): string {
  const text = (table === 'objects' ? OBJECT_COLUMNS : BUCKET_COLUMNS)[column]
  return text.replaceAll('{row}', nested ? `storage.${table}.` : '')
}
