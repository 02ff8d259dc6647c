import { randomBytes } from 'node:crypto'

/** Randomness of the system for keys and nonces. Not an option, as ids are: what a test or an embedder can set is no secret. */
export function secretBytes(size: number): Buffer {
  return randomBytes(size)
}
