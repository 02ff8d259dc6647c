import { createIds, systemClock } from '@stowage/core'
import type { Clock, MetadataStore } from '@stowage/core'
import { memoryBackend, SharedBackend } from '@stowage/core/backend'
import { sqliteMetadata, sqliteWriters } from '@stowage/core/sqlite'
import { onTestFinished } from 'vitest'
import { TenantCatalogue } from '../src/tenants/tenant-catalogue.ts'
import { TenantStores } from '../src/tenants/tenant-stores.ts'
import type { Tenant } from '../src/tenants/tenant.ts'
import { Tenants } from '../src/tenants/tenants.ts'
import type { OpenTenant } from '../src/tenants/tenants.ts'
import { temporaryDirectory } from './stowage-process.ts'

/** A tenant without an engine: its metadata, open. */
export interface BareTenant extends OpenTenant {
  readonly name: string
  readonly metadata: MetadataStore
  readonly wornOut: () => void
}

/** Tenants over real stores, without a server and without engines. */
export interface TenantsWorld {
  readonly tenants: Tenants<BareTenant>
  readonly catalogue: TenantCatalogue
  readonly control: MetadataStore
  readonly directory: string
  /** Whose garbage was collected, by name. */
  readonly collected: string[]
  /** Who was opened, by name. */
  readonly opened: string[]
  /** What collecting waits for. */
  collecting: (tenant: Tenant, signal: AbortSignal) => Promise<void>
  /** What making its key waits for. */
  making: (tenant: Tenant) => Promise<void>
  /** What closing waits for. */
  closing: (tenant: Tenant) => Promise<void>
  /** Makes one that is active. */
  readonly make: (name: string, hosts?: readonly string[]) => Promise<Tenant>
}

/** What a test may set. */
export interface TenantsWorldOptions {
  readonly openMax?: number
  /** Of the catalogue. */
  readonly clock?: Clock
}

export async function tenantsWorld({ openMax = 16, clock }: TenantsWorldOptions = {}): Promise<TenantsWorld> {
  const directory = await temporaryDirectory()
  const control = sqliteMetadata({ temporary: true, worker: 'inline' })
  await control.open()
  const observer = { event: () => undefined }
  const catalogue = new TenantCatalogue({ metadata: control, clock: clock ?? systemClock, observer })
  await catalogue.load()
  const backend = new SharedBackend(memoryBackend())
  const stores = new TenantStores({
    directory,
    writers: sqliteWriters({ threadsMax: 1 }),
    postgres: null,
    schema: 'stowage',
    backend,
    presigning: false,
    migrate: true,
  })
  const collected: string[] = []
  const opened: string[] = []
  const own: TenantsWorld = {
    tenants: undefined as never,
    catalogue,
    control,
    directory,
    collected,
    opened,
    collecting: () => Promise.resolve(),
    making: () => Promise.resolve(),
    closing: () => Promise.resolve(),
    make: async (name, hosts = []) => (await own.tenants.create({ name, hosts, requestsMax: null })).tenant,
  }
  const open = async (tenant: Tenant, { metadata }: { readonly metadata: MetadataStore }, wornOut: () => void): Promise<BareTenant> => {
    opened.push(tenant.name)
    await metadata.open()
    return {
      name: tenant.name,
      metadata,
      wornOut,
      async createRootKey() {
        await own.making(tenant)
        return { accessKeyId: `AKIA${tenant.name}`, secretAccessKey: 'secret' }
      },
      async collectGarbage(signal) {
        await own.collecting(tenant, signal)
        collected.push(tenant.name)
      },
      async close() {
        await own.closing(tenant)
        await metadata.close()
      },
    }
  }
  const tenants = new Tenants({
    catalogue,
    stores,
    open,
    openMax,
    idleSeconds: 300,
    requestsMax: 64,
    serverDomains: [],
    othersHearSeconds: 0,
    clock: systemClock,
    ids: createIds(),
    observer,
  })
  onTestFinished(async () => {
    await tenants.close()
    await control.close()
  })
  return Object.assign(own, { tenants })
}
