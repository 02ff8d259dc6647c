import { randomBytes } from 'node:crypto'

/** Random bytes for a secret, of cryptographic quality. No option sets their source: a secret that a test can choose, anybody can. */
export function secretBytes(count: number): Buffer {
  return randomBytes(count)
}
