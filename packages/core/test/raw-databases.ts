import Database from 'better-sqlite3'
import type { PoolClient } from 'pg'
import { POSTGRES_DIALECT, SQLITE_DIALECT } from '../src/metadata/sql/dialects.ts'
import { MIGRATIONS } from '../src/metadata/sql/migrations/index.ts'
import { POSTGRES_WORDS, SQLITE_WORDS } from '../src/metadata/sql/migrations/schema-words.ts'
import type { SqlContext, SqlDialect, SqlProgram, SqlRow, SqlStatement } from '../src/metadata/sql/sql-driver.ts'
import { definePredicateFunction } from '../src/metadata/sqlite/predicate-function.ts'
import { newSchema, postgresPool } from './stores.ts'

/** A database with our schema and nothing around it: for tests of statements, without a store. */
export interface RawDatabase {
  readonly dialect: SqlDialect
  query(statement: SqlStatement): Promise<readonly SqlRow[]>
  run<T>(program: (context: SqlContext) => SqlProgram<T>): Promise<T>
  /** Runs a program, and gives back what it asked. */
  statementsOf(program: (context: SqlContext) => SqlProgram<unknown>): Promise<readonly SqlStatement[]>
  /** A table that a statement can select from: `n` from 1 to this. */
  numbersTo(count: number): string
  close(): Promise<void>
}

/** SQLite in memory. */
export function rawSqlite(): RawDatabase {
  const database = new Database(':memory:')
  definePredicateFunction(database)
  for (const { statements } of MIGRATIONS) for (const text of statements(SQLITE_WORDS)) database.exec(text)
  const query = (statement: SqlStatement): Promise<readonly SqlRow[]> => {
    const prepared = database.prepare(statement.sql)
    if (prepared.reader) return Promise.resolve(prepared.raw().all(...statement.values) as SqlRow[])
    prepared.run(...statement.values)
    return Promise.resolve([])
  }
  return rawDatabase(SQLITE_DIALECT, query, () => {
    database.close()
    return Promise.resolve()
  })
}

/** A schema of its own in the run's Postgres. */
export async function rawPostgres(): Promise<RawDatabase> {
  const pool = postgresPool(1)
  const schema = newSchema()
  // One connection, which the pool would throw away with the first statement that fails.
  const client = await pool.connect()
  await client.query(`CREATE SCHEMA ${schema}`)
  await client.query(`SET search_path TO ${schema}`)
  for (const { statements } of MIGRATIONS) for (const text of statements(POSTGRES_WORDS)) await client.query(text)
  return rawDatabase(
    POSTGRES_DIALECT,
    (statement) => postgresQuery(client, statement),
    async () => {
      await client.query(`DROP SCHEMA ${schema} CASCADE`)
      client.release()
      await pool.end()
    },
  )
}

const BYTEA = 17
const INT8 = 20

async function postgresQuery(client: PoolClient, statement: SqlStatement): Promise<readonly SqlRow[]> {
  let at = 0
  const text = statement.sql.replaceAll('?', () => `$${++at}`)
  const result = await client.query<SqlRow[]>({
    text,
    values: [...statement.values],
    rowMode: 'array',
    types: {
      getTypeParser: (oid: number) => (value: string) => {
        if (oid === BYTEA) return Buffer.from(value.slice(2), 'hex')
        return oid === INT8 || oid === 23 ? Number(value) : oid === 16 ? value === 't' : value
      },
    },
  })
  return result.rows as unknown as readonly SqlRow[]
}

function rawDatabase(dialect: SqlDialect, query: RawDatabase['query'], close: RawDatabase['close']): RawDatabase {
  const context: SqlContext = { dialect, now: 0, lockScope: 'test', sequence: (selected) => Number(selected) }
  const run = async <T>(program: (context: SqlContext) => SqlProgram<T>, asked: SqlStatement[] = []): Promise<T> => {
    const steps = program(context)
    let step = steps.next()
    while (step.done !== true) {
      asked.push(step.value)
      step = steps.next(await query(step.value))
    }
    return step.value
  }
  return {
    dialect,
    query,
    close,
    run: (program) => run(program),
    statementsOf: async (program) => {
      const asked: SqlStatement[] = []
      await run(program, asked)
      return asked
    },
    numbersTo: (count) =>
      dialect.name === 'sqlite'
        ? `(WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < ${count}) SELECT n FROM count)`
        : `generate_series(1, ${count}) AS counted(n)`,
  }
}

/** Rows of any width, inserted in few statements. */
export async function insertRows(database: RawDatabase, table: string, rows: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
  const [first] = rows
  if (first === undefined) return
  const names = Object.keys(first)
  const perStatement = Math.max(1, Math.floor(30_000 / names.length))
  for (let at = 0; at < rows.length; at += perStatement) {
    const some = rows.slice(at, at + perStatement)
    const places = some.map(() => `(${names.map(() => '?').join(', ')})`).join(', ')
    await database.query({
      sql: `INSERT INTO ${table} (${names.join(', ')}) VALUES ${places}`,
      values: some.flatMap((row) => names.map((name) => row[name] ?? null)),
    })
  }
}
