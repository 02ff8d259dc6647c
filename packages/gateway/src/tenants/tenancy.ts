import { access, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isStorageError } from '@stowage/core'
import type { MetadataStore } from '@stowage/core'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { METADATA_FILE } from '../stores/stores.ts'
import type { StoreOptions } from '../stores/stores.ts'
import { isControlStore } from './control-store.ts'
import { readTenantMark } from './store-mark.ts'
import { TENANTS_FOLDER } from './tenant-stores.ts'

/** Where a store is that is used without tenants. */
export type StorePlace = Pick<StoreOptions, 'directory' | 'metadata' | 'schema'>

/** What a store is to a server with tenants: its own, one tenant's, or nothing. */
export type Tenancy = 'server' | 'tenant' | 'none'

/**
 * What an open store is, by what is written in it. A tenant's store that was taken elsewhere, as a restored one is, is one of its own: by where it
 * is in truth, whatever led there.
 */
export async function tenancyOf(metadata: MetadataStore, where: StorePlace): Promise<Tenancy> {
  if (await isControlStore(metadata)) return 'server'
  const place = (await readTenantMark(metadata))?.place
  if (place?.kind === 'postgres') return (await schemaOf(where)) === place.schema ? 'tenant' : 'none'
  if (place === undefined || where.metadata !== undefined || where.directory === null) return 'none'
  const directory = await realpath(where.directory)
  return basename(directory) === place.folder && basename(dirname(directory)) === TENANTS_FOLDER ? 'tenant' : 'none'
}

/**
 * The same of a store that is not open, and is not open afterwards; nothing is made, and nothing written. None's is what is not there, and what must be
 * brought up to date before anybody reads it.
 */
export async function lookForTenants(where: StorePlace): Promise<Tenancy> {
  const { directory, metadata: url, schema } = where
  if (url === undefined) {
    const file = directory === null ? null : join(directory, METADATA_FILE)
    const isThere = file !== null && (await access(file).then(() => true, () => false)) // prettier-ignore
    if (!isThere) return 'none'
    return lookInto(sqliteMetadata({ file, migrate: false, worker: 'inline' }), where)
  }
  // Not loaded where nobody has a Postgres.
  const { openPostgres } = await import('../stores/postgres-pool.ts')
  const { metadataIn, end } = openPostgres(url, undefined, 1)
  try {
    return await lookInto(metadataIn({ schema, migrate: false }), where)
  } finally {
    await end()
  }
}

async function lookInto(metadata: MetadataStore, where: StorePlace): Promise<Tenancy> {
  try {
    await metadata.open()
  } catch (error) {
    if (isStorageError(error) && error.code === 'SchemaTooOld') return 'none'
    throw error
  }
  try {
    return await tenancyOf(metadata, where)
  } finally {
    await metadata.close()
  }
}

/** The schema that holds the tables: the one that was named, or the one that the connection finds them in. Null without a Postgres. */
async function schemaOf({ metadata: url, schema }: StorePlace): Promise<string | null> {
  if (url === undefined || schema !== undefined) return schema ?? null
  const { openPostgres } = await import('../stores/postgres-pool.ts')
  const { pool, end } = openPostgres(url, undefined, 1)
  try {
    const { rows } = await pool.query<{ schema: string }>(SCHEMA_OF_TABLES)
    return rows[0]?.schema ?? null
  } finally {
    await end()
  }
}

const SCHEMA_OF_TABLES = `SELECT nspname AS schema FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE pg_class.oid = to_regclass('schema_migrations')`
