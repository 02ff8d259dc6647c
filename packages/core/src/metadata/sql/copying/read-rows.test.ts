import { expect, test } from 'vitest'
import { rawPostgres, rawSqlite } from '../../../../test/raw-databases.ts'
import { COPIED_TABLES } from '../../copying.ts'
import { columnsOf, readRows } from './read-rows.ts'
import { TABLE_SHAPES } from './table-shapes.ts'

test.each([
  ['sqlite', rawSqlite, 'EXPLAIN QUERY PLAN '],
  ['postgres', rawPostgres, 'EXPLAIN '],
] as const)('a page of a table is a seek in an index on %s: nothing is sorted, nothing is passed over', async (_, open, explain) => {
  const database = await open()
  try {
    if (database.dialect.name === 'postgres') {
      // Of an empty table reading all of it is the cheapest way.
      for (const way of ['seqscan', 'bitmapscan']) await database.query({ sql: `SET enable_${way} = off`, values: [] })
    }
    for (const table of COPIED_TABLES) {
      const { key } = columnsOf(table)
      const after = key.map((name) => (TABLE_SHAPES[table].columns[name] === 'integer' ? 1 : 'x'))
      const [statement] = await database.statementsOf((context) => readRows(context, { table, after, limit: 10 }))
      const plan = await database.query({ sql: `${explain}${statement?.sql}`, values: statement?.values ?? [] })
      const text = plan.map((row) => row.join(' ')).join('\n')
      expect(text, table).toMatch(/SEARCH .*USING|Index Cond: /)
      expect(text, table).not.toMatch(/TEMP B-TREE|Sort|SCAN|Seq Scan/)
    }
  } finally {
    await database.close()
  }
})
