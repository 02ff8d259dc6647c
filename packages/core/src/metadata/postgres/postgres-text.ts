import { createHash } from 'node:crypto'

const TABLES = [
  'append_pieces',
  'blob_refs',
  'buckets',
  'commit_sequence',
  'documents',
  'garbage',
  'inline_bytes',
  'jobs',
  'object_versions',
  'objects',
  'outbox',
  'parts',
  'policy_state',
  'processes',
  'schema_migrations',
  'uploads',
]
/** The tables of relations have names that operators chose. */
const RELATION = '"relation_[^"]+"'
const TABLE = new RegExp(`\\b(FROM|JOIN|INTO|UPDATE|TABLE|SEQUENCE|ON|EXISTS)\\s+((?:${TABLES.join('|')})\\b|${RELATION})(?!\\.)`, 'g')
const SEQUENCE = /'commit_sequence'/g

/** A statement as Postgres is given it. */
export interface PostgresText {
  readonly text: string
  /** The name of the prepared statement; null where it is not worth one. */
  readonly name: string | null
  /** Whether it gives back no rows, whatever happens: nobody needs to wait for it but the commit. */
  readonly silent: boolean
}

const SILENT = /^\s*(?:INSERT|UPDATE|DELETE)\b(?![^]*\bRETURNING\b)/i

/** So many statements are prepared a connection; those of filtered listings, which differ by policy, may come without end. */
const PREPARED_MAX = 300
const CACHED_MAX = 2000

/**
 * Turns our statements into Postgres's: `?` into `$1`, and the names of tables into those of the schema. Names and not
 * `search_path`: the pool is the user's, and so is what its connections are set to. A table must follow FROM, JOIN, INTO,
 * UPDATE, TABLE or ON.
 */
export class PostgresTexts {
  readonly #schema: string | null
  readonly #cached = new Map<string, PostgresText>()
  readonly #preparedMax: number
  #prepared = 0

  /** Without `prepare` no statement has a name: a connection that a pooler lends anew for each transaction forgets them. */
  constructor(schema: string | null, { prepare = true }: { readonly prepare?: boolean } = {}) {
    this.#schema = schema
    this.#preparedMax = prepare ? PREPARED_MAX : 0
  }

  get(sql: string): PostgresText {
    const known = this.#cached.get(sql)
    if (known !== undefined) return known
    const text = numbered(this.#schema === null ? sql : qualified(sql, quoteIdentifier(this.#schema)))
    const prepared = this.#prepared < this.#preparedMax
    if (prepared) this.#prepared += 1
    const made = {
      text,
      name: prepared ? `stowage_${createHash('sha256').update(text).digest('hex').slice(0, 40)}` : null,
      silent: SILENT.test(text),
    }
    if (this.#cached.size < CACHED_MAX) this.#cached.set(sql, made)
    return made
  }
}

function numbered(sql: string): string {
  let count = 0
  return sql.replace(/\?/g, () => `$${(count += 1)}`)
}

function qualified(sql: string, schema: string): string {
  const sequence = `'${schema.replaceAll("'", "''")}.commit_sequence'`
  return sql.replace(TABLE, (_, word: string, table: string) => `${word} ${schema}.${table}`).replace(SEQUENCE, () => sequence)
}

/** A name as SQL text, whatever is in it. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
