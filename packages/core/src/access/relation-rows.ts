import { isStorageError, StorageError } from '../errors/storage-error.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import type { ChangeRelationRowsCommand, ListRelationRowsPage } from '../metadata/relations.ts'
import type { Relation, RelationRow } from '../policy/relation.ts'
import { readRelation, RELATION_KIND } from './relation-document.ts'

/** Rows to be put and deleted together. */
export interface RelationRowsChange {
  /** Each takes the place of the one with the same key. No key twice; 1,000 at the most. */
  readonly put?: readonly RelationRow[]
  /** The columns of the key of each; deleted before others are put. What is not there is fine; 1,000 at the most. */
  readonly delete?: readonly RelationRow[]
}

/** Where a page of rows begins, and how long it is. */
export interface RelationRowsPosition {
  /** Rows behind the one with this key, `next` of the page before. Default: from the first. */
  readonly after?: RelationRow | null
  /** 1 to 1,000. Default 1,000. */
  readonly limit?: number
}

/** Rows in the order of their keys. `next` is null on the last page. */
export interface RelationRowsPage {
  readonly rows: readonly RelationRow[]
  readonly next: RelationRow | null
}

/**
 * The rows of the relations that the engine keeps. What policies find in them is what was there when they looked: a change is of
 * effect at once, in every process, and no decision under way is made anew for it. All reject with `InvalidArgument`, and with the place, for
 * a relation that there is not, or that Postgres keeps, and for values that its columns may not hold; with `LimitExceeded` for too many.
 */
export interface RelationRows {
  /** Puts rows; again is fine. */
  put(relation: string, rows: readonly RelationRow[]): Promise<void>
  /** Deletes rows by their keys; again is fine. */
  delete(relation: string, keys: readonly RelationRow[]): Promise<void>
  /** Deletes and puts rows: nobody sees one without the other. */
  change(relation: string, change: RelationRowsChange): Promise<void>
  list(relation: string, position?: RelationRowsPosition): Promise<RelationRowsPage>
}

/** How often a call is made anew because the relation was changed meanwhile. */
const ATTEMPTS_MAX = 5
const LIST_LIMIT = 1000

type Known = Pick<ChangeRelationRowsCommand, 'relation' | 'document'>

/** Finds out what a relation is, each time, and has the store do the rest. */
export class StoredRelationRows implements RelationRows {
  readonly #metadata: MetadataStore

  constructor(metadata: MetadataStore) {
    this.#metadata = metadata
  }

  put(relation: string, rows: readonly RelationRow[]): Promise<void> {
    return this.change(relation, { put: rows })
  }

  delete(relation: string, keys: readonly RelationRow[]): Promise<void> {
    return this.change(relation, { delete: keys })
  }

  async change(name: string, { put = [], delete: deleted = [] }: RelationRowsChange): Promise<void> {
    await this.#attempt(name, async (known) => {
      const { outcome } = await this.#metadata.changeRelationRows({ ...known, put, delete: deleted })
      return outcome === 'written' ? true : null
    })
  }

  list(name: string, { after = null, limit = LIST_LIMIT }: RelationRowsPosition = {}): Promise<RelationRowsPage> {
    return this.#attempt(name, async (known) => {
      const page = await this.#page(known, after, limit)
      return page.outcome === 'listed' ? { rows: page.rows, next: page.next } : null
    })
  }

  async #page(known: Known, after: RelationRow | null, limit: number): Promise<ListRelationRowsPage> {
    try {
      return await this.#metadata.listRelationRows({ ...known, after, limit })
    } catch (error) {
      // A table without one of its columns may be one that was changed just now.
      if (!isStorageError(error) || error.code !== 'PolicyFailed') throw error
      if ((await this.#find(known.relation.name)).document.version === known.document.version) throw error
      return { outcome: 'relation-changed' }
    }
  }

  async #attempt<T>(name: string, use: (known: Known) => Promise<T | null>): Promise<T> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const done = await use(await this.#find(name))
      if (done !== null) return done
    }
    throw new StorageError('Conflict', { what: 'others change the relation' })
  }

  async #find(name: string): Promise<Known> {
    const document = await this.#metadata.readDocument({ kind: RELATION_KIND, id: name })
    const relation: Relation | null = document === null ? null : readRelation(document)
    if (document === null || relation === null) throw invalid(name, 'is not there')
    if (relation.kept !== 'engine') throw invalid(name, 'is kept by Postgres: its rows are read and written there')
    return { relation, document: { kind: RELATION_KIND, id: name, version: document.version } }
  }
}

function invalid(name: string, reason: string): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument: `the relation '${name}'`, reason })
}
