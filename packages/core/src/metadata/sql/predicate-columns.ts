import sql, { raw, type Sql } from 'sql-template-tag'
import type { RowColumn } from '../../policy/predicate.ts'
import type { SqlDialect } from './sql-driver.ts'

/** What a predicate reads of a stored row, as SQL. Says the same as `objectPolicyRow` and `bucketPolicyRow` do. */
export interface PredicateColumns {
  readonly dialect: SqlDialect['name']
  /** A scalar column; null where rows of this table do not have it. */
  readonly scalar: Readonly<Partial<Record<RowColumn, Sql>>>
  /** The members of `metadata`; null where there is no such object. */
  readonly metadata: Readonly<Record<string, Sql>> | null
  /** The column that holds user metadata; null where there is none. */
  readonly userMetadata: Sql | null
  /** The key apart: a JSON array on SQLite, an array on Postgres; never NULL. */
  readonly pathTokens: Sql
  readonly fileName: Sql
  readonly extension: Sql
}

/** `objects` or `object_versions`. `bucketName` is an expression: a predicate that does not read it does not pay for it. */
export function objectColumnsOf(dialect: SqlDialect, alias: string, bucketName: Sql): PredicateColumns {
  const column = columnOf(alias)
  return {
    ...contentColumns(dialect, alias, bucketName),
    scalar: {
      ...commonColumns(alias, bucketName),
      version: column('version_id'),
      size: column('size'),
      etag: column('etag'),
    },
    metadata: {
      mimetype: column('content_type'),
      size: sql`CAST(${column('size')} AS text)`,
      contentLength: sql`CAST(${column('size')} AS text)`,
      eTag: sql`('"' || ${column('etag')} || '"')`,
    },
    pathTokens: column('path_tokens'),
    fileName: column('file_name'),
    extension: column('extension'),
  }
}

/** `uploads`: what the object will be, without what is not known before its bytes are there. */
export function uploadColumnsOf(dialect: SqlDialect, alias: string, bucketName: Sql): PredicateColumns {
  return {
    ...contentColumns(dialect, alias, bucketName),
    scalar: commonColumns(alias, bucketName),
    metadata: { mimetype: columnOf(alias)('content_type') },
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
      owner_id: column('account'),
      created_at: column('created_at'),
      account: column('account'),
      public: sql`(${column('public')} = 1)`,
    },
    metadata: null,
    userMetadata: null,
    ...keyApart(dialect, name),
  }
}

function contentColumns(dialect: SqlDialect, alias: string, bucketName: Sql): PredicateColumns {
  const column = columnOf(alias)
  return {
    dialect: dialect.name,
    scalar: commonColumns(alias, bucketName),
    metadata: {},
    userMetadata: column('user_metadata'),
    ...keyApart(dialect, column('key')),
  }
}

function commonColumns(alias: string, bucketName: Sql): PredicateColumns['scalar'] {
  const column = columnOf(alias)
  return {
    bucket_id: bucketName,
    name: column('key'),
    owner_id: column('owner_id'),
    created_at: column('created_at'),
    content_type: column('content_type'),
  }
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
