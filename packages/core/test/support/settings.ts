/*
 * What the heavy tests read from the environment. Tests are no library code: they may look around.
 */

function integer(name: string, otherwise: number): number {
  const text = process.env[name]
  if (text === undefined || text === '') return otherwise
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new Error(`${name} is a whole number, not '${text}'`)
  return value
}

/** Random runs of the model over the whole matrix; `npm run verify` does 100,000. */
export const MODEL_RUNS: number = integer('STOWAGE_MODEL_RUNS', 1_000)

/** Rounds of each race; `npm run verify` does 10,000. */
export const RACE_ROUNDS: number = integer('STOWAGE_RACE_ROUNDS', 300)

/** Where randomness begins. Given: the same run again. */
export const SEED: number = integer('STOWAGE_SEED', Date.now() & 0x7fffffff)

/** To be put into names of tests and messages, so that a failure can be run again. */
export const SEED_HINT = `STOWAGE_SEED=${SEED}`
