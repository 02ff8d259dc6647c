import { assert } from '../../util/assert.ts'
import type { SqlValue } from './sql-driver.ts'

/** Reads a column that holds text. */
export function textOf(value: SqlValue | undefined): string {
  assert(typeof value === 'string', `the column holds ${typeof value}, not text`)
  return value
}

/** Reads a column that holds text or NULL. */
export function textOrNull(value: SqlValue | undefined): string | null {
  return value === null ? null : textOf(value)
}

/** Reads a column that holds an integer. */
export function integerOf(value: SqlValue | undefined): number {
  assert(typeof value === 'number', `the column holds ${typeof value}, not an integer`)
  return value
}

/** Reads a column that holds an integer or NULL. */
export function integerOrNull(value: SqlValue | undefined): number | null {
  return value === null ? null : integerOf(value)
}

/** Reads a column that holds bytes. */
export function bytesOf(value: SqlValue | undefined): Uint8Array {
  assert(value instanceof Uint8Array, `the column holds ${typeof value}, not bytes`)
  return value
}

/** Reads a column that holds bytes or NULL. */
export function bytesOrNull(value: SqlValue | undefined): Uint8Array | null {
  return value === null ? null : bytesOf(value)
}
