import sql, { raw, type Sql } from 'sql-template-tag'
import type { RowColumn } from '../../policy/predicate.ts'
import type { BucketFactsSql } from './bucket-facts.ts'
import type { SqlDialect } from './sql-driver.ts'

/** What a predicate reads of a stored row, as SQL. Says the same as `objectPolicyRow` and `bucketPolicyRow` do. */
export interface PredicateColumns {
  readonly dialect: SqlDialect['name']
  /** A scalar column, of its own type on Postgres, a time in milliseconds on SQLite; null where rows of this table do not have it. */
  readonly scalar: Readonly<Partial<Record<RowColumn, Sql>>>
  /** The members of `metadata`, as texts and as what they are; null where there is no such object. */
  readonly metadata: Readonly<Record<string, MetadataMember>> | null
  /** The column that holds user metadata; null where there is none. */
  readonly userMetadata: Sql | null
  /** The key apart: a JSON array on SQLite, an array on Postgres; never NULL. */
  readonly pathTokens: Sql
  readonly fileName: Sql
  readonly extension: Sql
}

/** A member of `metadata`; where it is NULL there is none. */
export interface MetadataMember {
  readonly text: Sql
  readonly value: Sql
}

/** `objects` or `object_versions`. */
export function objectColumnsOf(dialect: SqlDialect, alias: string, bucket: BucketFactsSql): PredicateColumns {
  const column = columnOf(alias)
  const [size, quoted] = [column('size'), sql`('"' || ${column('etag')} || '"')`]
  const measured: MetadataMember = { text: sql`CAST(${size} AS text)`, value: size }
  return {
    ...contentColumns(dialect, alias, bucket),
    scalar: {
      ...commonColumns(dialect, alias, bucket),
      id: uuidOf(dialect, column('version_id')),
      version: column('version_id'),
      size,
      etag: column('etag'),
    },
    metadata: { mimetype: textMember(column('content_type')), size: measured, contentLength: measured, eTag: textMember(quoted) },
    pathTokens: column('path_tokens'),
    fileName: column('file_name'),
    extension: column('extension'),
  }
}

/** `uploads`: what the object will be, without what is not known before its bytes are there. The account is that of whoever began it. */
export function uploadColumnsOf(dialect: SqlDialect, alias: string, bucket: BucketFactsSql): PredicateColumns {
  const content = contentColumns(dialect, alias, bucket)
  return {
    ...content,
    scalar: { ...content.scalar, account: columnOf(alias)('owner_account') },
    metadata: { mimetype: textMember(columnOf(alias)('content_type')) },
  }
}

/** `buckets`. */
export function bucketColumnsOf(dialect: SqlDialect, alias: string): PredicateColumns {
  const column = columnOf(alias)
  const name = column('name')
  return {
    dialect: dialect.name,
    scalar: {
      bucket_id: name,
      name,
      owner: uuidOf(dialect, column('account')),
      owner_id: column('account'),
      ...times(dialect, column('created_at')),
      account: column('account'),
      public: sql`(${column('public')} = 1)`,
    },
    metadata: null,
    userMetadata: null,
    ...keyApart(dialect, name),
  }
}

/** No row at all: for conditions into which the values of one have been put. */
export function noColumnsOf(dialect: SqlDialect): PredicateColumns {
  return { dialect: dialect.name, scalar: {}, metadata: null, userMetadata: null, ...keyApart(dialect, raw('NULL')) }
}

function contentColumns(dialect: SqlDialect, alias: string, bucket: BucketFactsSql): PredicateColumns {
  const column = columnOf(alias)
  return {
    dialect: dialect.name,
    scalar: commonColumns(dialect, alias, bucket),
    metadata: {},
    userMetadata: column('user_metadata'),
    ...keyApart(dialect, column('key')),
  }
}

function commonColumns(dialect: SqlDialect, alias: string, bucket: BucketFactsSql): PredicateColumns['scalar'] {
  const column = columnOf(alias)
  return {
    bucket_id: bucket.name,
    name: column('key'),
    owner: uuidOf(dialect, column('owner_id')),
    owner_id: column('owner_id'),
    ...times(dialect, column('created_at')),
    content_type: column('content_type'),
    account: bucket.account,
    public: bucket.public,
  }
}

function textMember(text: Sql): MetadataMember {
  return { text, value: text }
}

const HEX = '[0-9a-fA-F]'
const UUID_GROUPS = [8, 4, 4, 4, 12]
const UUID_GLOB = UUID_GROUPS.map((digits) => HEX.repeat(digits)).join('-')
const UUID_REGEX = `^${UUID_GROUPS.map((digits) => `${HEX}{${digits}}`).join('-')}$`

/** The uuid that a column of texts holds; NULL where it holds another text. */
function uuidOf({ name }: SqlDialect, text: Sql): Sql {
  return name === 'postgres'
    ? sql`(CASE WHEN ${text} COLLATE "C" ~ ${raw(`'${UUID_REGEX}'`)} THEN CAST(${text} AS uuid) END)`
    : sql`(CASE WHEN ${text} GLOB ${raw(`'${UUID_GLOB}'`)} THEN lower(${text}) END)`
}

/** Rows are written once, and reading leaves no trace. */
function times({ name }: SqlDialect, ms: Sql): Pick<PredicateColumns['scalar'], 'created_at' | 'updated_at' | 'last_accessed_at'> {
  const time = name === 'postgres' ? sql`(timestamptz 'epoch' + ${ms} * interval '1 millisecond')` : ms
  return { created_at: time, updated_at: time, last_accessed_at: time }
}

/** The same expressions that the generated columns of `objects` have, for tables without them. */
function keyApart({ name }: SqlDialect, key: Sql): Pick<PredicateColumns, 'pathTokens' | 'fileName' | 'extension'> {
  if (name === 'postgres') {
    return {
      pathTokens: sql`string_to_array(${key}, '/')`,
      fileName: sql`substring(${key} from '[^/]*$')`,
      extension: sql`substring(${key} from '[^./]*$')`,
    }
  }
  const fileName = sql`substr(${key}, length(rtrim(${key}, replace(${key}, '/', ''))) + 1)`
  return {
    pathTokens: sql`('[' || replace(json_quote(${key}), '/', '","') || ']')`,
    fileName,
    extension: sql`substr(${fileName}, length(rtrim(${fileName}, replace(${fileName}, '.', ''))) + 1)`,
  }
}

function columnOf(alias: string): (name: string) => Sql {
  return (name) => raw(`${alias}.${name}`)
}
