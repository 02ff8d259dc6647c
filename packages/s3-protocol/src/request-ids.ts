import { randomBytes } from 'node:crypto'

const POOL_SIZE = 4096
const ID_SIZE = 8

/** Makes a source of request ids: 16 upper-case hexadecimal digits, as AWS's. Randomness is drawn in bulk, a call costs next to nothing. */
export function requestIds(): () => string {
  let pool = Buffer.alloc(0)
  let offset = 0
  return () => {
    if (offset >= pool.length) {
      pool = randomBytes(POOL_SIZE)
      offset = 0
    }
    offset += ID_SIZE
    return pool.toString('hex', offset - ID_SIZE, offset).toUpperCase()
  }
}
