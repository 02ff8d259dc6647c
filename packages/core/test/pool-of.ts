import { Pool } from 'pg'

/** A pool of connections to this URL, for programs that are no tests. What breaks while nobody uses it is made anew. */
export function poolOf(url: string): Pool {
  const pool = new Pool({ connectionString: url })
  pool.on('error', () => undefined)
  return pool
}
