import type { SqlProgram, SqlRows, SqlStatement } from './sql-driver.ts'

/** Runs a program where statements answer at once. What a statement throws ends it. */
export function runProgram<T>(program: SqlProgram<T>, execute: (statement: SqlStatement) => SqlRows): T {
  let step = program.next()
  while (step.done !== true) step = program.next(execute(step.value))
  return step.value
}

/** Runs a program where statements answer later. */
export async function runProgramAsync<T>(program: SqlProgram<T>, execute: (statement: SqlStatement) => Promise<SqlRows>): Promise<T> {
  let step = program.next()
  while (step.done !== true) step = program.next(await execute(step.value))
  return step.value
}
