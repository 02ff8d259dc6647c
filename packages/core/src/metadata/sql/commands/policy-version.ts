import { integerOf } from '../column.ts'
import { lock, policyLock } from '../locks.ts'
import { policyVersion } from '../served.ts'
import type { SqlContext, SqlProgram } from '../sql-driver.ts'

const RAISE = 'UPDATE policy_state SET version = version + 1 WHERE id = 1 AND version = ? RETURNING version'

const RAISE_ANYHOW = 'UPDATE policy_state SET version = version + 1 WHERE id = 1 RETURNING version'

/** Adds one, in a command that has locked it; gives back what it is then. */
export function* raiseLockedPolicyVersion(): SqlProgram<number> {
  const [raised] = yield { sql: RAISE_ANYHOW, values: [] }
  return integerOf(raised?.[0])
}

/** Adds one where the version is still `expected`; gives back what it is then. */
export function* raisePolicyVersion(context: SqlContext, { expected }: { readonly expected: number }): SqlProgram<number> {
  yield* lock(context, [policyLock(true)])
  const [raised] = yield { sql: RAISE, values: [expected] }
  return raised === undefined ? yield* policyVersion() : integerOf(raised[0])
}
