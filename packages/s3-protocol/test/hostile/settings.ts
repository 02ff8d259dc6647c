/*
 * What the fuzzing reads from the environment. Tests are no library code: they may look around.
 */

function number(name: string, otherwise: number): number {
  const text = process.env[name]
  if (text === undefined || text === '') return otherwise
  const value = Number(text)
  if (!Number.isFinite(value)) throw new Error(`${name} is a number, not '${text}'`)
  return value
}

const SCALE = number('STOWAGE_FUZZ_SCALE', 1)

/** Where randomness begins. Given: the same run again. */
const SEED = number('STOWAGE_SEED', Date.now() & 0x7fffffff)

/** To be put into the names of tests, so that a failure can be run again. */
export const SEED_HINT = `STOWAGE_SEED=${SEED}`

/** A deadline for a machine that is busy, not a measurement. */
export const TIMEOUT_MS: number = 120_000 * Math.max(1, SCALE)

/** How often a property is tried, and from where; `npm run verify` tries each more often. */
export function runs(count: number): { readonly numRuns: number; readonly seed: number } {
  return { numRuns: Math.max(1, Math.round(count * SCALE)), seed: SEED }
}
