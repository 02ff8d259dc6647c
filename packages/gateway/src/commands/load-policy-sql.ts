import type * as PolicySql from '@stowage/policy-sql'

/** Loads the reader of `CREATE POLICY`, an optional dependency: throws with what to do where it is not installed. */
export async function loadPolicySql(): Promise<typeof PolicySql> {
  try {
    return await import('@stowage/policy-sql')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new Error(
      "Policies are read from SQL by @stowage/policy-sql, which is not installed: 'npm install @stowage/policy-sql' brings it.",
      {
        cause: error,
      },
    )
  }
}
