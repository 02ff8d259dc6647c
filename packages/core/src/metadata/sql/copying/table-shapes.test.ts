import { expect, test } from 'vitest'
import { rawPostgres, rawSqlite } from '../../../../test/raw-databases.ts'
import { TABLE_SHAPES } from './table-shapes.ts'

/** What is in a schema and never copied: which migrations ran, who lives, and a number that is set. */
const NOT_COPIED = ['commit_sequence', 'processes', 'schema_migrations']

const KINDS: Readonly<Record<string, string>> = {
  TEXT: 'text',
  INTEGER: 'integer',
  BLOB: 'bytes',
  text: 'text',
  bigint: 'integer',
  bytea: 'bytes',
  jsonb: 'json',
}

// hidden: 2 is a generated column that is made when it is read.
const SQLITE = `SELECT t.name, c.name, c.type FROM sqlite_schema t, pragma_table_xinfo(t.name) c
  WHERE t.type = 'table' AND c.hidden = 0 AND t.name NOT LIKE 'sqlite_%'`
const POSTGRES = `SELECT CAST(table_name AS text), CAST(column_name AS text), CAST(data_type AS text)
  FROM information_schema.columns WHERE table_schema = current_schema() AND is_generated = 'NEVER'`

test.each([
  ['sqlite', rawSqlite, SQLITE],
  ['postgres', rawPostgres, POSTGRES],
] as const)('every table and column of the newest schema of %s is copied', async (name, open, sql) => {
  const database = await open()
  try {
    const found = (await database.query({ sql, values: [] })).filter(([table]) => !NOT_COPIED.includes(String(table)))
    // SQLite keeps JSON as text.
    const kind = (table: string, column: string, type: string): string => {
      const shape = TABLE_SHAPES[table as keyof typeof TABLE_SHAPES]?.columns[column]
      return name === 'sqlite' && shape === 'json' && type === 'TEXT' ? 'json' : (KINDS[type] ?? type)
    }
    const columns = found
      .map((row) => row.map(String))
      .map(([table = '', column = '', type = '']) => `${table}.${column} ${kind(table, column, type)}`)
    const ours = Object.entries(TABLE_SHAPES).flatMap(([table, shape]) =>
      Object.entries(shape.columns).map(([column, each]) => `${table}.${column} ${each}`),
    )
    expect(columns.toSorted()).toEqual(ours.toSorted())
  } finally {
    await database.close()
  }
})
