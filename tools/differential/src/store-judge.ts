import Database from 'better-sqlite3'
import type { Pool } from 'pg'
import sql, { type Sql } from 'sql-template-tag'
import { bucketColumnsOf, objectColumnsOf, type PredicateColumns } from '../../../packages/core/src/metadata/sql/predicate-columns.ts'
import { POSTGRES_DIALECT, SQLITE_DIALECT } from '../../../packages/core/src/metadata/sql/dialects.ts'
import { MIGRATIONS } from '../../../packages/core/src/metadata/sql/migrations/index.ts'
import { POSTGRES_WORDS, SQLITE_WORDS } from '../../../packages/core/src/metadata/sql/migrations/schema-words.ts'
import { predicateSql } from '../../../packages/core/src/metadata/sql/predicate-sql.ts'
import { engineTable } from '../../../packages/core/src/metadata/sql/relation-table.ts'
import type { SqlDialect, SqlValue } from '../../../packages/core/src/metadata/sql/sql-driver.ts'
import { definePredicateFunction } from '../../../packages/core/src/metadata/sqlite/predicate-function.ts'
import { canFail } from '../../../packages/core/src/policy/predicate-can-fail.ts'
import type { Predicate, RelationColumnType } from '../../../packages/core/src/policy/predicate.ts'
import type { Judge, Truth } from './judge.ts'
import { BUCKETS, RELATIONS } from './pools.ts'
import type { World, WorldRow } from './world.ts'

/** A database with our schema. */
interface StoreDatabase {
  readonly dialect: SqlDialect
  run(statement: Pick<Sql, 'sql' | 'values'>): Promise<readonly (readonly unknown[])[]>
  /** Whether an error is that of a policy that failed. */
  isFailure(error: unknown): boolean
  close(): Promise<void>
}

type Row = Readonly<Record<string, unknown>>

/** The condition compiled for SQLite, over rows as our store keeps them. */
export function sqliteJudge(): Judge {
  const database = new Database(':memory:')
  definePredicateFunction(database)
  for (const { statements } of MIGRATIONS) for (const text of statements(SQLITE_WORDS)) database.exec(text)
  const types: Readonly<Record<RelationColumnType, string>> = {
    text: 'TEXT',
    uuid: 'TEXT',
    int: 'INTEGER',
    bigint: 'INTEGER',
    bool: 'INTEGER',
    timestamptz: 'INTEGER',
  }
  for (const text of relationTables(types)) database.exec(text)
  return storeJudge('sqlite', {
    dialect: SQLITE_DIALECT,
    run: (statement) => {
      const prepared = database.prepare(statement.sql)
      const values = statement.values.map((value) => (typeof value === 'boolean' ? Number(value) : value))
      return Promise.resolve(prepared.reader ? (prepared.raw().all(...values) as unknown[][]) : (prepared.run(...values), []))
    },
    isFailure: (error) => isPolicyFailure(error),
    close: () => {
      database.close()
      return Promise.resolve()
    },
  })
}

/** The condition compiled for Postgres, in a schema of its own. */
export async function postgresJudge(pool: Pool): Promise<Judge> {
  const client = await pool.connect()
  await client.query('CREATE SCHEMA stowage; SET search_path TO stowage')
  for (const { statements } of MIGRATIONS) for (const text of statements(POSTGRES_WORDS)) await client.query(text)
  const types = { text: 'text COLLATE "C"', uuid: 'uuid', int: 'integer', bigint: 'bigint', bool: 'boolean', timestamptz: 'timestamptz' }
  for (const text of relationTables(types)) await client.query(text)
  return storeJudge('postgres', {
    dialect: POSTGRES_DIALECT,
    run: async (statement) => {
      let at = 0
      const { rows } = await client.query<unknown[]>({
        text: statement.sql.replaceAll('?', () => `$${++at}`),
        values: [...statement.values],
        rowMode: 'array',
      })
      return rows
    },
    isFailure: (error) => /^(?:22|P0)/.test(String((error as { readonly code?: unknown }).code)),
    close: () => {
      client.release()
      return Promise.resolve()
    },
  })
}

function relationTables(types: Readonly<Record<RelationColumnType, string>>): readonly string[] {
  return RELATIONS.map(({ name, columns }) => {
    const listed = Object.entries(columns).map(([column, { type }]) => `"${column}" ${types[type]}`)
    return `CREATE TABLE ${engineTable(name)} (${listed.join(', ')})`
  })
}

function isPolicyFailure(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'PolicyFailed'
}

function storeJudge(name: 'sqlite' | 'postgres', database: StoreDatabase): Judge {
  let table: World['table'] = 'objects'
  const condition = (predicate: Predicate): Sql => predicateSql(predicate, columnsOf(database.dialect, table))
  const ask = async (statement: Sql, count: number): Promise<readonly Truth[]> => {
    const rows = await database.run(statement)
    if (rows.length !== count) throw new Error(`${rows.length} rows instead of ${count}`)
    return rows.map(([, said]) => (said === null ? null : Number(said) === 1))
  }
  return {
    name,
    fill: async (world) => {
      table = world.table
      await fill(database, world)
    },
    evaluate: async (predicate, rows) => {
      const said = sql`SELECT x.sequence, CAST(${condition(predicate)} AS integer) FROM ${sql([FROM[table]])}`
      const order = [...rows].sort((a, b) => a.id - b.id)
      const found = new Map<number, Truth>()
      if (canFail(predicate)) {
        // A statement ends with the first row that fails: each has one of its own.
        for (const { id } of rows) {
          try {
            found.set(id, (await ask(sql`${said} WHERE x.sequence = ${id}`, 1))[0] ?? null)
          } catch (error) {
            if (!database.isFailure(error)) throw error
            found.set(id, 'failed')
          }
        }
      } else {
        const values = await ask(
          sql`${said} WHERE x.sequence IN (${sql([rows.map(({ id }) => id).join(', ')])}) ORDER BY x.sequence`,
          rows.length,
        )
        for (const [at, { id }] of order.entries()) found.set(id, values[at] ?? null)
      }
      return rows.map(({ id }) => found.get(id) ?? null)
    },
    close: () => database.close(),
  }
}

const FROM = { objects: 'objects x', buckets: '(SELECT buckets.*, CAST(id AS integer) AS sequence FROM buckets) x' }

function columnsOf(dialect: SqlDialect, table: World['table']): PredicateColumns {
  if (table === 'buckets') return bucketColumnsOf(dialect, 'x')
  return objectColumnsOf(dialect, 'x', {
    name: sql`(SELECT name FROM buckets WHERE id = x.bucket_id)`,
    account: sql`(SELECT account FROM buckets WHERE id = x.bucket_id)`,
    public: sql`((SELECT public FROM buckets WHERE id = x.bucket_id) = 1)`,
  })
}

/** Rows that are there and rows that would be lie side by side, in buckets of the same name. */
async function fill(database: StoreDatabase, world: World): Promise<void> {
  for (const table of ['objects', 'buckets', ...RELATIONS.map(({ name }) => engineTable(name))])
    await database.run({ sql: `DELETE FROM ${table}`, values: [] })
  if (world.table === 'buckets')
    await insert(
      database,
      'buckets',
      [...world.existing, ...world.proposals].map(({ stored }) => stored),
    )
  else {
    const rows = [...world.existing, ...world.proposals]
    await insert(
      database,
      'buckets',
      rows.map((row, at) => bucketOf(row, at)),
    )
    await insert(
      database,
      'objects',
      rows.map(({ stored }, at) => ({ ...stored, bucket_id: `b${at}` })),
    )
  }
  for (const { name, columns } of RELATIONS) {
    const rows = (world.relations[name] ?? []).map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([column, value]) => [column, relationValue(database.dialect, columns[column]?.type ?? 'text', value)]),
      ),
    )
    await insert(database, engineTable(name), rows)
  }
}

function bucketOf({ row }: WorldRow, at: number): Row {
  const known = BUCKETS.find(({ name }) => name === row.bucket_id)
  return {
    id: `b${at}`,
    jurisdiction: `j${at}`,
    name: String(row.bucket_id),
    account: known?.account ?? '',
    public: known?.public === true ? 1 : 0,
    versioning: 'off',
    created_at: 0,
  }
}

function relationValue({ name }: SqlDialect, type: RelationColumnType, value: unknown): unknown {
  if (name === 'postgres') return type === 'timestamptz' && typeof value === 'number' ? new Date(value) : value
  if (type === 'bigint' && typeof value === 'string') return BigInt(value)
  return typeof value === 'boolean' ? Number(value) : value
}

async function insert(database: StoreDatabase, table: string, rows: readonly Row[]): Promise<void> {
  const names = Object.keys(rows[0] ?? {})
  if (names.length === 0) return
  const places = rows.map(() => `(${names.map(() => '?').join(', ')})`).join(', ')
  await database.run({
    sql: `INSERT INTO ${table} (${names.map((name) => `"${name}"`).join(', ')}) VALUES ${places}`,
    values: rows.flatMap((row) => names.map((name) => (row[name] ?? null) as SqlValue)),
  })
}
