import { access, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isStorageError } from '@stowage/core'
import type { JsonValue, MetadataStore } from '@stowage/core'
import { sqliteMetadata } from '@stowage/core/sqlite'
import type { PostgresDatabase } from '../stores/postgres-pool.ts'
import { METADATA_FILE } from '../stores/stores.ts'
import type { StoreOptions } from '../stores/stores.ts'
import { TENANTS_FOLDER } from '../stores/tenant-store.ts'
import { isControlStore, isOfTenants } from './control-store.ts'
import { readTenantMark } from './store-mark.ts'
import type { ReadDocuments } from './store-mark.ts'

/** Where a store is that is used without tenants. */
export type StorePlace = Pick<StoreOptions, 'directory' | 'metadata' | 'schema'>

/** What a store is to a server with tenants: its own, one tenant's, or nothing. */
export type Tenancy = 'server' | 'tenant' | 'none'

/**
 * What an open store is, by what is written in it. A tenant's store that was taken elsewhere, as a restored one is, is one of its own: by where it
 * is in truth, whatever led there.
 */
export async function tenancyOf(metadata: ReadDocuments, where: StorePlace): Promise<Tenancy> {
  if (await isControlStore(metadata)) return 'server'
  const place = (await readTenantMark(metadata))?.place
  if (place?.kind === 'postgres') return (await schemaOf(where)) === place.schema ? 'tenant' : 'none'
  if (place === undefined || where.metadata !== undefined || where.directory === null) return 'none'
  const directory = await realpath(where.directory)
  return basename(directory) === place.folder && basename(dirname(directory)) === TENANTS_FOLDER ? 'tenant' : 'none'
}

/**
 * The same of a store that is not open, and is not open afterwards; nothing is made, written or brought up to date. None's is what is not there.
 */
export async function lookForTenants(where: StorePlace): Promise<Tenancy> {
  const { directory, metadata: url, schema } = where
  if (url === undefined) {
    const file = directory === null ? null : join(directory, METADATA_FILE)
    const isThere = file !== null && (await access(file).then(() => true, () => false)) // prettier-ignore
    if (!isThere) return 'none'
    const metadata = sqliteMetadata({ file, migrate: false, worker: 'inline' })
    return lookInto(metadata, where, () => tenancyByFolder(dirname(file)))
  }
  // Not loaded where nobody has a Postgres.
  const { openPostgres } = await import('../stores/postgres-pool.ts')
  const { metadataIn, pool, end } = openPostgres(url, undefined, 1)
  try {
    return await lookInto(metadataIn({ schema, migrate: false }), where, () => tenancyOf(documentsIn(pool, schema), where))
  } finally {
    await end()
  }
}

/** `ifOlder` is asked where this release must bring the store up to date before it opens it. */
async function lookInto(metadata: MetadataStore, where: StorePlace, ifOlder: () => Promise<Tenancy>): Promise<Tenancy> {
  try {
    await metadata.open()
  } catch (error) {
    if (!isStorageError(error) || error.code !== 'SchemaTooOld') throw error
    return error.details.found === 0 ? 'none' : ifOlder()
  }
  try {
    return await tenancyOf(metadata, where)
  } finally {
    await metadata.close()
  }
}

/** Documents as every release since the first has written them. */
function documentsIn(pool: PostgresDatabase['pool'], schema: string | undefined): ReadDocuments {
  const table = schema === undefined ? 'documents' : `"${schema.replaceAll('"', '""')}".documents`
  return {
    async readDocument({ kind, id }) {
      const { rows } = await pool.query<{ body: JsonValue }>(`SELECT body FROM ${table} WHERE kind = $1 AND id = $2`, [kind, id])
      return rows[0] ?? null
    },
  }
}

/** A file of an older release is not read: where it is says whose it is, as far as the folders around it do. */
async function tenancyByFolder(folder: string): Promise<Tenancy> {
  const above = dirname(await realpath(folder))
  return basename(above) === TENANTS_FOLDER && (await isOfTenants(dirname(above))) ? 'tenant' : 'none'
}

/** The schema that holds the tables: the one that was named, or the one that the connection leads to. Null without a Postgres. */
async function schemaOf({ metadata: url, schema }: StorePlace): Promise<string | null> {
  if (url === undefined || schema !== undefined) return schema ?? null
  const { openPostgres } = await import('../stores/postgres-pool.ts')
  const { pool, end } = openPostgres(url, undefined, 1)
  try {
    const { rows } = await pool.query<{ schema: string }>(OWN_SCHEMA)
    return rows[0]?.schema ?? null
  } finally {
    await end()
  }
}

/** As the store itself finds it. */
const OWN_SCHEMA = 'SELECT current_schema() AS schema'
