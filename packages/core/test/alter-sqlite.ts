import Database from 'better-sqlite3'

/** Changes a file of SQLite past the store whose it is, which must be closed: as damage does. */
export function alterSqlite(file: string, sql: string): void {
  const database = new Database(file)
  try {
    database.pragma('foreign_keys = OFF')
    database.exec(sql)
  } finally {
    database.close()
  }
}
