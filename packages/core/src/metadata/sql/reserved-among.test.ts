import { expect, test } from 'vitest'
import { rawPostgres, rawSqlite } from '../../../test/raw-databases.ts'
import { parseBlobKey } from '../../backend/blob-key.ts'
import { reservedAmong } from './reserved-among.ts'

test.each([
  ['sqlite', rawSqlite, 'EXPLAIN QUERY PLAN '],
  ['postgres', rawPostgres, 'EXPLAIN '],
] as const)('on %s blobs are sought by name: of all garbage nothing else is read', async (_, open, explain) => {
  const database = await open()
  try {
    const rows = `SELECT 'main', 'x' || n, 'reserved', 'p', n FROM ${database.numbersTo(2000)}`
    await database.query({ sql: `INSERT INTO garbage (backend_id, blob, state, process_id, changed_at) ${rows}`, values: [] })
    await database.query({ sql: 'ANALYZE garbage', values: [] })
    // Of so few rows reading all of them is the cheapest way.
    if (database.dialect.name === 'postgres') {
      for (const way of ['seqscan', 'hashjoin', 'mergejoin']) await database.query({ sql: `SET enable_${way} = off`, values: [] })
    }
    const blobs = [{ backendId: 'main', blob: parseBlobKey('x') }]
    const statement = (await database.statementsOf((context) => reservedAmong(context, { blobs }))).at(-1)
    const plan = await database.query({ sql: `${explain}${statement?.sql}`, values: statement?.values ?? [] })
    const text = plan.map((row) => row.join(' ')).join('\n')
    expect(text).toMatch(/SEARCH g USING .*\(backend_id=\? AND blob=\?\)|Index Cond: .*blob =/)
  } finally {
    await database.close()
  }
})
