import type { SqlDialect } from '../sql-driver.ts'
import type { RelationColumnType } from '../../../policy/predicate.ts'
import type { CopiedValue } from '../../copying.ts'
import { textOrNull } from '../column.ts'
import { storedText, valueOf } from '../relation-table.ts'

/** A value of a relation, as it is copied, for the column of a database. */
export function storedValue(dialect: SqlDialect, type: RelationColumnType, value: CopiedValue | undefined): string | null {
  return storedText(dialect, type, valueOf(type, textOrNull(value)))
}
