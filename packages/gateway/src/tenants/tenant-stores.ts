import { access, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isStorageError, StorageError } from '@stowage/core'
import type { MetadataStore } from '@stowage/core'
import type { BlobKey, SharedBackend } from '@stowage/core/backend'
import { sqliteMetadata } from '@stowage/core/sqlite'
import type { SqliteWriters } from '@stowage/core/sqlite'

import type { PostgresDatabase } from '../stores/postgres-pool.ts'
import { METADATA_FILE } from '../stores/stores.ts'
import type { Stores } from '../stores/stores.ts'
import { TENANTS_FOLDER } from '../stores/tenant-store.ts'
import { readTenantMark } from './store-mark.ts'
import { blobPrefixOf } from './tenant.ts'
import type { Tenant, TenantPlace } from './tenant.ts'

/** What the stores of all tenants share. */
export interface TenantStoresOptions {
  /** The data directory. */
  readonly directory: string
  /** Threads that write the SQLite files. */
  readonly writers: SqliteWriters
  /** Where schemas of tenants are, and new tenants go; null keeps them in files. */
  readonly postgres: PostgresDatabase | null
  /** Begins the names of schemas. */
  readonly schema: string
  /** Where everybody's bytes are. */
  readonly backend: SharedBackend
  /** Whether reads may be sent on to the backend. */
  readonly presigning: boolean
  /** False: a schema that is not up to date is an error. */
  readonly migrate: boolean
}

/** One tenant of many: the cache of pages that the system has anyway is everybody's. */
const CACHE_SIZE_MAX = 256 * 1024
const WAL_SIZE_MAX = 16 * 1024 ** 2

/** Makes the stores of tenants, and removes them. */
export class TenantStores {
  readonly #options: TenantStoresOptions

  constructor(options: TenantStoresOptions) {
    this.#options = options
  }

  /** Where the metadata of a new tenant goes. */
  placeFor({ name, id }: Pick<Tenant, 'name' | 'id'>): TenantPlace {
    const { postgres, schema } = this.#options
    if (postgres !== null) return { kind: 'postgres', schema: `${schema}_${id}` }
    // The name is for people who look into the directory; the end of the id is random.
    return { kind: 'sqlite', folder: folderFor({ name, id }) }
  }

  /** The stores of a tenant, not yet open; `migrate` makes those of a new one in any case. */
  of(tenant: Tenant, { migrate = this.#options.migrate }: { readonly migrate?: boolean } = {}): Stores {
    const { backend, directory, presigning } = this.#options
    return {
      metadata: this.#metadataAt(tenant.place, migrate),
      backend: backend.lend(),
      movable: null,
      dataDirectory: directory,
      presigning,
      blobPrefix: blobPrefixOf(tenant),
      end: () => Promise.resolve(),
    }
  }

  /**
   * Rejects with `StoreUnavailable` where a tenant's metadata is not where it is said to be, as on a disk that is not mounted: opening would make an
   * empty store there.
   */
  async checkThere({ place }: Tenant): Promise<void> {
    const isThere = place.kind === 'sqlite' ? await this.#hasFile(place.folder) : await this.#hasSchema(place.schema)
    if (!isThere) throw new StorageError('StoreUnavailable', { store: 'tenant', reason: 'its metadata is not where it was' })
  }

  async #hasFile(folder: string): Promise<boolean> {
    return access(join(this.#folderOf(folder), METADATA_FILE)).then(
      () => true,
      () => false,
    )
  }

  async #hasSchema(schema: string): Promise<boolean> {
    const { pool } = this.#known(this.#options.postgres)
    try {
      const { rows } = await pool.query('SELECT 1 WHERE to_regclass($1) IS NOT NULL', [`${quoted(schema)}.schema_migrations`])
      return rows.length === 1
    } catch (cause) {
      const reason = 'the database does not say whether its metadata is there'
      throw new StorageError('StoreUnavailable', { store: 'tenant', reason }, { cause, retryable: true })
    }
  }

  #metadataAt(place: TenantPlace, migrate: boolean): MetadataStore {
    const { writers, postgres } = this.#options
    if (place.kind === 'sqlite') {
      const file = join(this.#folderOf(place.folder), METADATA_FILE)
      return sqliteMetadata({ file, writers, migrate, cacheSizeMax: CACHE_SIZE_MAX, walSizeMax: WAL_SIZE_MAX })
    }
    return this.#known(postgres).metadataIn({ schema: place.schema, migrate })
  }

  #folderOf(folder: string): string {
    return join(this.#options.directory, TENANTS_FOLDER, folder)
  }

  #known(postgres: PostgresDatabase | null): PostgresDatabase {
    if (postgres === null) throw new Error('This tenant has its metadata in Postgres: say in which with --metadata.')
    return postgres
  }

  /**
   * Removes all that a tenant has: its blobs, then its metadata. Nobody may have it open. What stops it is gone on with by calling it again.
   * Rejects, and removes nothing, where its metadata is another tenant's by its mark; and with the signal's reason.
   */
  async remove(tenant: Tenant, signal: AbortSignal): Promise<void> {
    const { place } = tenant
    // Before anything is gone: where it is must be within reach.
    const database = place.kind === 'postgres' ? this.#known(this.#options.postgres) : null
    await this.#checkOwn(tenant)
    await this.#removeBlobs(blobPrefixOf(tenant), signal)
    signal.throwIfAborted()
    if (place.kind === 'sqlite') await rm(this.#folderOf(place.folder), { recursive: true, force: true })
    // That took long. Another process may have removed it meanwhile, and somebody else be where it was, or about to be.
    else if ((await this.#checkOwn(tenant)) === 'there') await database?.pool.query(`DROP SCHEMA IF EXISTS ${quoted(place.schema)} CASCADE`)
    // What another process was writing meanwhile: it can commit no more.
    await this.#removeBlobs(blobPrefixOf(tenant), signal)
  }

  /** That what is there is this tenant's; what is damaged is gone with it, and so is what a crash has left half made where nobody else ever was. */
  async #checkOwn(tenant: Tenant): Promise<'there' | 'nothing'> {
    const metadata = this.#metadataAt(tenant.place, false)
    try {
      await metadata.open()
    } catch (error) {
      // Somebody has it open: that is no damage.
      if (isStorageError(error) && error.code === 'DirectoryInUse') throw error
      if (isNamedAfter(tenant) || tenant.place.kind === 'sqlite') return 'there'
      if (isStorageError(error) && error.code === 'SchemaTooOld' && error.details.found === 0) return 'nothing'
      throw error
    }
    try {
      const mark = await readTenantMark(metadata)
      if (mark?.tenant === tenant.id || (mark === null && isNamedAfter(tenant))) return 'there'
    } finally {
      await metadata.close()
    }
    throw new Error(`What is in the place of the tenant ${tenant.name} is not its own: it is left as it is.`)
  }

  async #removeBlobs(prefix: string, signal: AbortSignal): Promise<void> {
    const backend = this.#options.backend.lend()
    await backend.init()
    const { unfinished, limits } = backend
    const found: BlobKey[] = []
    const removeFound = async (): Promise<void> => {
      signal.throwIfAborted()
      if (found.length > 0) await backend.delete(found.splice(0))
    }
    for await (const { key } of backend.list({ prefix })) {
      found.push(key)
      if (found.length >= limits.deleteBatchMax) await removeFound()
    }
    await removeFound()
    if (unfinished === undefined) return
    const own = []
    for await (const write of unfinished.list({ before: AT_ANY_TIME })) if (write.key.startsWith(prefix)) own.push(write)
    for (const write of own) {
      signal.throwIfAborted()
      await unfinished.abort(write)
    }
  }
}

/** Every unfinished write of a tenant that is to be gone, begun in whichever year. */
const AT_ANY_TIME = new Date(8.64e15)

function folderFor({ name, id }: Pick<Tenant, 'name' | 'id'>): string {
  return `${name}-${id.slice(-12)}`
}

/** Whether it is where it was made: nobody else's was ever called so. */
function isNamedAfter({ name, id, place }: Tenant): boolean {
  return place.kind === 'sqlite' ? place.folder === folderFor({ name, id }) : place.schema.endsWith(`_${id}`)
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
