import { isStorageError } from '../../errors/storage-error.ts'
import type { RowCondition, Verdict } from '../queries.ts'
import { judge } from './guard.ts'
import type { SqlDriver } from './sql-driver.ts'

/** All over one state; where a relation cannot be looked into, one by one: the database fails, and the others are to be told all the same. */
export async function judgeTogether(driver: SqlDriver, conditions: readonly RowCondition[]): Promise<readonly Verdict[]> {
  try {
    return await driver.readConsistent((context) => judge(context, conditions))
  } catch (error) {
    if (!isStorageError(error) || error.code !== 'PolicyFailed') throw error
    const [only, ...others] = conditions
    if (only !== undefined && others.length === 0) return [{ failed: error.details.reason }]
  }
  const verdicts: Verdict[] = []
  for (const condition of conditions) verdicts.push(...(await judgeTogether(driver, [condition])))
  return verdicts
}
