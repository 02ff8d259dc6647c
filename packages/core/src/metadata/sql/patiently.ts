import type { SqlProgram } from './sql-driver.ts'

/** The same program, whose statements may take as long as they do: those of an operator, over whole tables. */
export function* patiently<T>(program: SqlProgram<T>): SqlProgram<T> {
  let step = program.next()
  while (step.done !== true) step = program.next(yield { sql: step.value.sql, values: step.value.values, patient: true })
  return step.value
}
