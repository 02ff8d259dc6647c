import { readRelation, RELATION_KIND } from '../../access/relation-document.ts'
import { COPIED_TABLES } from '../../metadata/copying.ts'
import type { CopiedTable, StoreRows } from '../../metadata/copying.ts'
import type { Relation } from '../../policy/relation.ts'

/** What there is of a store to copy. */
export interface CopiedTables {
  /** Those of every store, then those of relations by their names: always in the same order. */
  readonly tables: readonly CopiedTable[]
  /** Relations that policies look into, and that the database has from elsewhere: nobody copies them. */
  readonly foreign: readonly Relation[]
}

/** Reads which tables a store has. */
export async function copiedTables(rows: StoreRows): Promise<CopiedTables> {
  const { documents } = await rows.readDocuments({ kinds: [RELATION_KIND] })
  const relations = documents.map(readRelation)
  return {
    tables: [...COPIED_TABLES, ...relations.filter(({ kept }) => kept === 'engine')],
    foreign: relations.filter(({ kept }) => kept !== 'engine'),
  }
}

/** The name of a table, for marks, reports and messages. */
export function tableName(table: CopiedTable): string {
  return typeof table === 'string' ? table : `relation ${table.name}`
}
