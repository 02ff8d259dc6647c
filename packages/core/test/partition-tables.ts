import { readFile } from 'node:fs/promises'
import type { Pool } from 'pg'

const PAGE = new URL('../../../docs/scaling.md', import.meta.url)

/** Partitions the tables of a schema, as docs/scaling.md says it. */
export async function partitionTables(pool: Pool, schema: string): Promise<void> {
  const text = /^```sql\n(.*?)^```$/ms.exec(await readFile(PAGE, 'utf8'))?.[1]
  if (text === undefined) throw new Error('docs/scaling.md does not say how tables are partitioned')
  const client = await pool.connect()
  try {
    await client.query(`SET search_path TO ${schema}`)
    await client.query(text)
  } finally {
    // The next one on this connection names its tables itself.
    client.release(true)
  }
}
