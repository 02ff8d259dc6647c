import { createHash } from 'node:crypto'
import { StorageError } from '../../../errors/storage-error.ts'
import { integerOf, textOf } from '../column.ts'
import { storeTime } from '../locks.ts'
import type { SqlContext, SqlProgram, SqlStatement } from '../sql-driver.ts'
import type { Migration, SchemaWords } from './migration.ts'

/** What brings a schema up to date. */
export interface MigrationPlan {
  readonly migrations: readonly Migration[]
  readonly words: SchemaWords
  /** The store's name, for messages. */
  readonly store: string
  /** Where nothing may be changed: finds a row where `schema_migrations` is there. Absent: what is missing is applied. */
  readonly lookOnly?: SqlStatement
}

const tableText = ({ text, integer }: SchemaWords): string => `CREATE TABLE IF NOT EXISTS schema_migrations (
  version ${integer} PRIMARY KEY,
  name ${text} NOT NULL,
  checksum ${text} NOT NULL,
  applied_at ${integer} NOT NULL
)`
const APPLIED = 'SELECT version, name, checksum FROM schema_migrations ORDER BY version'
const RECORD = 'INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (?, ?, ?, ?)'

/**
 * Applies the next migration that is missing, and says whether there was one. To be called, each time in a transaction of
 * its own that nobody else runs at the same time, until there is none: what an interruption leaves is a whole number of them.
 * Throws `SchemaTooNew`, or `StoreUnavailable` where an applied migration is not the one of that version; with `lookOnly`,
 * `SchemaTooOld` in place of applying any.
 */
export function* migrateOnce(context: SqlContext, plan: MigrationPlan): SqlProgram<boolean> {
  const { lookOnly } = plan
  const supported = plan.migrations.at(-1)?.version ?? 0
  if (lookOnly === undefined) yield { sql: tableText(plan.words), values: [] }
  else if ((yield lookOnly).length === 0) throw new StorageError('SchemaTooOld', { found: 0, needed: supported })
  const applied = (yield { sql: APPLIED, values: [] }).map((row) => ({
    version: integerOf(row[0]),
    name: textOf(row[1]),
    checksum: textOf(row[2]),
  }))
  const found = applied.at(-1)?.version ?? 0
  if (found > supported) throw new StorageError('SchemaTooNew', { found, supported })
  for (const { version, name, checksum } of applied) {
    const ours = plan.migrations.find((migration) => migration.version === version)
    if (ours === undefined || checksumOf(ours, plan.words) !== checksum) throw changed(plan.store, version, name)
  }
  const next = plan.migrations.find(({ version }) => version > found)
  if (next === undefined) return false
  if (lookOnly !== undefined) throw new StorageError('SchemaTooOld', { found, needed: supported })
  for (const statement of next.statements(plan.words)) yield { sql: statement, values: [] }
  const now = yield* storeTime(context)
  yield { sql: RECORD, values: [next.version, next.name, checksumOf(next, plan.words), now] }
  return true
}

/** SHA-256 over the statements, in hex. */
function checksumOf(migration: Migration, words: SchemaWords): string {
  return createHash('sha256').update(migration.statements(words).join(';\n')).digest('hex')
}

function changed(store: string, version: number, name: string): StorageError {
  const reason = `migration ${version} (${name}) was applied in another form than this release knows`
  return new StorageError('StoreUnavailable', { store, reason })
}
