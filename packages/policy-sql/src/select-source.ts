import type { SelectStmt } from 'libpg-query'
import { Refusal } from './refusal.ts'
import { placeOf } from './typed.ts'

/** The one table of a query. */
export interface Source {
  readonly schema: string | undefined
  readonly name: string
  readonly alias: string | null
  readonly at: number
}

/** Refuses queries over several tables, over queries and over functions. */
export function sourceOf(select: SelectStmt, at: number): Source {
  const [from, second] = select.fromClause ?? []
  if (second !== undefined) throw new Refusal(at, 'a query over several tables', 'nest them: EXISTS (… AND EXISTS (…))')
  if (from === undefined || !('RangeVar' in from)) {
    const join = from !== undefined && 'JoinExpr' in from
    throw new Refusal(at, join ? 'a join' : 'a query over something that is no table', join ? 'nest them: EXISTS (… AND EXISTS (…))' : null)
  }
  const { relname, schemaname, catalogname, alias, inh } = from.RangeVar
  const place = placeOf(from.RangeVar)
  if (relname === undefined || catalogname !== undefined) throw new Refusal(place, 'a table of another database')
  if (inh !== true) throw new Refusal(place, 'ONLY', 'leave it out')
  if ((alias?.colnames ?? []).length > 0) throw new Refusal(place, 'other names for the columns of a table')
  return { schema: schemaname, name: relname, alias: alias?.aliasname ?? null, at: place }
}

/** Whether the table is Supabase's own of buckets. */
export function isBuckets({ schema, name }: Source): boolean {
  return schema === 'storage' && name === 'buckets'
}
