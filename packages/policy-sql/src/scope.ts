import type { PolicyTable, Relation, RowColumn } from '@stowage/core/policy'
import { Refusal } from './refusal.ts'
import type { SqlType, Typed } from './typed.ts'

type Columns = Readonly<Record<string, readonly [RowColumn, SqlType]>>

const OBJECTS: Columns = {
  id: ['id', 'uuid'],
  bucket_id: ['bucket_id', 'text'],
  name: ['name', 'text'],
  owner: ['owner', 'uuid'],
  owner_id: ['owner_id', 'text'],
  version: ['version', 'text'],
  created_at: ['created_at', 'timestamptz'],
  updated_at: ['updated_at', 'timestamptz'],
  last_accessed_at: ['last_accessed_at', 'timestamptz'],
  size: ['size', 'bigint'],
  etag: ['etag', 'text'],
  content_type: ['content_type', 'text'],
  metadata: ['metadata', 'jsonb'],
  user_metadata: ['user_metadata', 'jsonb'],
  path_tokens: ['path_tokens', 'text[]'],
}

/** A bucket's `id` in Supabase is its name here. */
const BUCKETS: Columns = {
  id: ['bucket_id', 'text'],
  name: ['name', 'text'],
  owner: ['owner', 'uuid'],
  owner_id: ['owner_id', 'text'],
  created_at: ['created_at', 'timestamptz'],
  updated_at: ['updated_at', 'timestamptz'],
  public: ['public', 'bool'],
}

/** What an alias may look like in a predicate; in SQL it may have any letter. */
const IDENTIFIER = /^[\p{L}_][\p{L}\p{N}_$]{0,50}$/u

/** The columns of Supabase's tables that a policy may read, with the three of ours; others have no counterpart. */
const TABLE_COLUMNS: Readonly<Record<PolicyTable, Columns>> = { objects: OBJECTS, buckets: BUCKETS }

/** A name found, and whether a bare name hid one further out. */
export interface FoundColumn {
  readonly value: Typed
  readonly hides: boolean
}

interface Entry {
  readonly relation: Relation
  /** By which SQL knows it. */
  readonly alias: string
  /** By which the predicate knows it: no other relation around has the name. */
  readonly as: string
  /** The schema by which it may be named too; null where an alias hides the table's own name. */
  readonly schema: string | null
}

/** Names as SQL finds them: those of the innermost subquery first, those of the policy's table last. */
export class Scope {
  readonly #table: PolicyTable
  readonly #entries: readonly Entry[]

  constructor(table: PolicyTable, entries: readonly Entry[] = []) {
    this.#table = table
    this.#entries = entries
  }

  get table(): PolicyTable {
    return this.#table
  }

  /** How many subqueries are around. */
  get depth(): number {
    return this.#entries.length
  }

  /** Whether a relation around goes by this name. */
  hasAlias(name: string): boolean {
    return this.#entries.some(({ alias }) => alias === name)
  }

  /** A name for a relation that no other around it has, the alias itself where it may be one. */
  nameFor(alias: string): string {
    const taken = (name: string): boolean => this.#entries.some((entry) => entry.as === name)
    const plain = IDENTIFIER.test(alias) ? alias : 'r'
    if (!taken(plain)) return plain
    let count = 2
    while (taken(`${plain}_${count}`)) count += 1
    return `${plain}_${count}`
  }

  /** The scope inside a subquery over a relation. */
  within(entry: Entry): Scope {
    return new Scope(this.#table, [entry, ...this.#entries])
  }

  /** The column that the parts of a name mean. Refuses one that there is not, or that no policy may read. */
  find(parts: readonly string[], at: number): FoundColumn {
    const name = parts.at(-1) ?? ''
    const qualifier = parts.slice(0, -1)
    for (const [depth, entry] of this.#entries.entries()) {
      if (!names(entry, qualifier)) continue
      const column = Object.hasOwn(entry.relation.columns, name) ? entry.relation.columns[name] : undefined
      if (column === undefined) {
        if (qualifier.length === 0) continue
        throw new Refusal(at, `relation ${entry.relation.name} has no column ${name}`)
      }
      const value: Typed = { node: { k: 'rcol', alias: entry.as, n: name, t: column.type }, type: column.type, at }
      return { value, hides: qualifier.length === 0 && this.#further(depth + 1, name) }
    }
    return { value: this.#ofRow(name, qualifier, at), hides: false }
  }

  #ofRow(name: string, qualifier: readonly string[], at: number): Typed {
    const [outer, inner] = qualifier.length === 2 ? qualifier : [undefined, ...qualifier]
    const named = (inner === undefined || inner === this.#table) && (outer === undefined || outer === 'storage')
    if (!named || qualifier.length > 2) throw new Refusal(at, `missing FROM-clause entry for table ${qualifier.join('.')}`)
    const columns = TABLE_COLUMNS[this.#table]
    const column = Object.hasOwn(columns, name) ? columns[name] : undefined
    if (column === undefined) throw new Refusal(at, `storage.${this.#table} has no column ${name} that a policy may read`)
    return { node: { k: 'col', n: column[0] }, type: column[1], at }
  }

  #further(from: number, name: string): boolean {
    return (
      this.#entries.slice(from).some(({ relation }) => Object.hasOwn(relation.columns, name)) ||
      Object.hasOwn(TABLE_COLUMNS[this.#table], name)
    )
  }
}

function names({ alias, schema }: Entry, qualifier: readonly string[]): boolean {
  if (qualifier.length === 0) return true
  if (qualifier.length === 1) return qualifier[0] === alias
  return qualifier.length === 2 && schema === qualifier[0] && qualifier[1] === alias
}
