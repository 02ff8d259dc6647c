import type { SqlDialect } from './sql-driver.ts'

/** SQLite: one command at a time, so no locks; the writer hands out the commit sequence. */
export const SQLITE_DIALECT: SqlDialect = {
  name: 'sqlite',
  each: 'json_each(?)',
  position: 'instr',
  byOwner: ' INDEXED BY objects_by_owner',
  nextSequence: 'NULL',
  storeTime: 'NULL',
  forUpdate: '',
  forKeyShare: '',
  locks: false,
}

/** Postgres 14 or later, READ COMMITTED. */
export const POSTGRES_DIALECT: SqlDialect = {
  name: 'postgres',
  each: 'jsonb_array_elements(?::jsonb) AS each(value)',
  position: 'strpos',
  byOwner: '',
  nextSequence: "nextval('commit_sequence')",
  storeTime: 'CAST(floor(extract(epoch from clock_timestamp()) * 1000) AS bigint)',
  forUpdate: ' FOR UPDATE',
  forKeyShare: ' FOR KEY SHARE',
  locks: true,
}
