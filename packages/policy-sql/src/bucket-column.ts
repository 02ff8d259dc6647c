import type { Node, SelectStmt } from 'libpg-query'
import { nameParts, ownName } from './name-parts.ts'
import { isBuckets, sourceOf } from './select-source.ts'
import type { Scope } from './scope.ts'
import type { Typed } from './typed.ts'

/**
 * `(SELECT public FROM storage.buckets WHERE id = bucket_id)` and the same of `owner_id`: on objects these are columns of ours, and
 * this is how they are printed. Null for any other query.
 */
export function bucketColumn(select: SelectStmt, scope: Scope): Omit<Typed, 'at'> | null {
  if (scope.table !== 'objects' || Object.keys(select).some((field) => !KNOWN.includes(field))) return null
  const source = sourceOf(select, 0)
  const where = select.whereClause
  if (!isBuckets(source) || where === undefined || !('A_Expr' in where)) return null
  const { kind, name, lexpr, rexpr } = where.A_Expr
  if (kind !== 'AEXPR_OP' || ownName(name, 0) !== '=') return null
  const alias = source.alias ?? 'buckets'
  const sides = [lexpr, rexpr].map(columnOf)
  if (
    !sides.some((side) => isOneOf(side, [`${alias}.id`, `${alias}.name`, 'id', 'name'])) ||
    !sides.some((side) => isRowBucket(side, scope))
  )
    return null
  const [target] = select.targetList ?? []
  const wanted = columnOf(target !== undefined && 'ResTarget' in target ? target.ResTarget.val : undefined)
  if (isOneOf(wanted, ['public', `${alias}.public`])) return { node: { k: 'col', n: 'public' }, type: 'bool' }
  return isOneOf(wanted, ['owner_id', `${alias}.owner_id`]) ? { node: { k: 'col', n: 'account' }, type: 'text' } : null
}

const KNOWN: readonly string[] = ['targetList', 'fromClause', 'whereClause', 'limitOption', 'op']

/** A bare name is the row's only where no relation around could have it. */
function isRowBucket(side: string | null, scope: Scope): boolean {
  const full = ['storage.objects.bucket_id', ...(scope.hasAlias('objects') ? [] : ['objects.bucket_id'])]
  return isOneOf(side, scope.depth === 0 ? [...full, 'bucket_id'] : full)
}

function isOneOf(side: string | null, names: readonly string[]): boolean {
  return side !== null && names.includes(side)
}

function columnOf(node: Node | undefined): string | null {
  if (node === undefined || !('ColumnRef' in node)) return null
  const fields = node.ColumnRef.fields ?? []
  return fields.every((field) => 'String' in field) ? nameParts(fields, 0).join('.') : null
}
