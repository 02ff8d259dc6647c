import { beside, type Operand } from './predicate-operand.ts'
import type { Predicate } from './predicate.ts'
import type { Relation } from './relation.ts'

/** Gives a column of a relation by its name. */
export type RelationColumns = (name: string) => Predicate

/** `EXISTS (SELECT 1 FROM relation alias WHERE where)`. The alias is another one than those of relations around it. */
export function exists(relation: Relation, alias: string, where: (column: RelationColumns) => Predicate): Predicate {
  return { k: 'exists', rel: relation.name, kept: relation.kept, alias, where: where(columnsOf(relation, alias)) }
}

/** Which values `insub` looks through. */
export interface Selection {
  readonly relation: Relation
  readonly alias: string
  readonly select: (column: RelationColumns) => Predicate
  readonly where: (column: RelationColumns) => Predicate
}

/** `a IN (SELECT select FROM relation alias WHERE where)`. */
export function insub(a: Operand, { relation, alias, select, where }: Selection): Predicate {
  const columns = columnsOf(relation, alias)
  const node = {
    k: 'insub',
    rel: relation.name,
    kept: relation.kept,
    alias,
    sel: select(columns),
    where: where(columns),
    neg: false,
  } as const
  return { ...node, a: beside(a, node.sel) }
}

function columnsOf({ columns }: Relation, alias: string): RelationColumns {
  // A column that there is none of has no type either: the parser says so, with the place.
  return (name) => ({ k: 'rcol', alias, n: name, t: (Object.hasOwn(columns, name) ? columns[name]?.type : undefined) ?? 'text' })
}
