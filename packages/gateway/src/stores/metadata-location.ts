import { stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { METADATA_FILE } from './stores.ts'

/** Where metadata is: a file, or a schema of a database. */
export type MetadataLocation = SqliteLocation | PostgresLocation

/** A file of SQLite. */
export interface SqliteLocation {
  readonly kind: 'sqlite'
  /** Absolute. */
  readonly file: string
  /** The data directory that it is the metadata of; null where it has another name than it has there. */
  readonly dataDirectory: string | null
}

/** A schema of Postgres. */
export interface PostgresLocation {
  readonly kind: 'postgres'
  /** With the password. */
  readonly url: string
  /** Null: the connection's own. */
  readonly schema: string | null
}

const FORMS = 'sqlite:DIRECTORY, sqlite:FILE or postgres://…'

/** Reads where metadata is. A path that is a directory, or that does not end with `.sqlite`, is a data directory's. */
export async function parseMetadataLocation(text: string, schema: string | null): Promise<MetadataLocation> {
  if (/^postgres(?:ql)?:\/\//.test(text)) return { kind: 'postgres', url: text, schema }
  if (!text.startsWith('sqlite:')) throw new Error(`Metadata is in ${FORMS}.`)
  if (schema !== null) throw new Error('A schema goes with postgres://…: SQLite has none.')
  const path = text.slice('sqlite:'.length)
  if (path === '') throw new Error(`Metadata is in ${FORMS}.`)
  const whole = resolve(path)
  const isDirectory = await stat(whole).then(
    (found) => found.isDirectory(),
    () => !whole.endsWith('.sqlite'),
  )
  const file = isDirectory ? join(whole, METADATA_FILE) : whole
  return { kind: 'sqlite', file, dataDirectory: basename(file) === METADATA_FILE ? dirname(file) : null }
}

/** The location as it is shown, and kept: without user and password. */
export function formatMetadataLocation(location: MetadataLocation): string {
  if (location.kind === 'sqlite') return `sqlite:${location.file}`
  const { host, pathname } = URL.canParse(location.url) ? new URL(location.url) : { host: '', pathname: '' }
  return `postgres://${host}${pathname}${location.schema === null ? '' : `, schema ${location.schema}`}`
}
