import type { BucketPolicy } from './bucket-policy.ts'

/** What becomes of a character of the text, at the most: steps of a pattern, each an object of its own. In bytes. */
const BYTES_PER_CHARACTER = 64
/** A place in a set. */
const BYTES_PER_ACTION = 40

/** How much memory a policy takes that was read from a text, about, in bytes: `Action` may name a hundred in a few characters. */
export function bucketPolicySize({ statements }: BucketPolicy, textLength: number): number {
  const sets = new Set(statements.map(({ actions }) => actions))
  const actions = [...sets].reduce((sum, { size }) => sum + size, 0)
  return textLength * BYTES_PER_CHARACTER + actions * BYTES_PER_ACTION
}
