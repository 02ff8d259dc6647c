import { createIds, HashWorkerPool, systemClock } from '@stowage/core'
import { SharedBackend } from '@stowage/core/backend'
import type { MovableBackend } from '@stowage/core/backend'
import { sqliteWriters } from '@stowage/core/sqlite'
import type { KeyProvider } from '@stowage/credentials'
import type { HttpHandler } from '@stowage/http'
import type { Administration } from '../administration/administration.ts'
import { ROOT_ACCOUNT } from '../stores/root-credentials.ts'
import { placeBackend } from '../stores/place-backend.ts'
import type { Stores } from '../stores/stores.ts'
import { openControlStore } from '../tenants/control-store.ts'
import type { ControlStore } from '../tenants/control-store.ts'
import { roundLease } from '../tenants/round-lease.ts'
import { withRegisteredKeys } from '../tenants/registered-keys.ts'
import type { Tenant } from '../tenants/tenant.ts'
import { TenantCatalogue } from '../tenants/tenant-catalogue.ts'
import { TenantStores } from '../tenants/tenant-stores.ts'
import { Tenants } from '../tenants/tenants.ts'
import { assembleOver } from './assemble.ts'
import type { DoorOptions } from './assemble.ts'
import type { ServerLimits } from './limits.ts'
import { tenantHandler } from './tenant-handler.ts'
import type { ServedTenant } from './tenant-handler.ts'
import { tenantObserver } from './tenant-observer.ts'

/** What a server with many tenants is put together from. What it shares with one of a single store is that of each tenant. */
export interface AssembleTenantsOptions extends Omit<DoorOptions, 'credentials' | 'accounts' | 'hashWorkers' | 'documentsOf'> {
  /** The data directory. */
  readonly directory: string
  /** A `postgres://` URL. Default: SQLite files in the directory. */
  readonly metadata?: string
  /** A streaming replica of that server, which reads may go to. */
  readonly metadataReplica?: string
  /** The schema of the server's own, and how those of tenants begin. Default `stowage`. */
  readonly schema?: string
  /** Connections to Postgres at a time at the most. Default 16. */
  readonly connectionsMax?: number
  /** Where everybody's bytes are, as `parseBackendLocation` reads it. */
  readonly bytes?: string
  /** Whether reads may be sent on to the backend. Default false. */
  readonly presigning?: boolean
  /** False: nothing is made that is not there, but new tenants. Default true. */
  readonly migrate?: boolean
  /** Seals the secrets of everybody's stored keys. */
  readonly masterKeys: KeyProvider
  /** What a suspension or a deletion waits that other processes have heard of it, in seconds; with Postgres only. Default 2.5. */
  readonly othersHearSeconds?: number
  /** Below it the hosts of tenants are: `acme.DOMAIN`. Default: none, tenants have hosts of their own and keys. */
  readonly tenantDomain?: string
  /** How many are open, for how long, and how much each may ask for. */
  readonly limits: Pick<ServerLimits, 'tenantsOpenMax' | 'tenantIdleSeconds' | 'tenantRequestsMax'>
}

/** A tenant that is open. */
export interface AssembledTenant extends ServedTenant {
  /** Its own. */
  readonly administration: Administration
}

/** The tenants of a server, their door, and what all of them stand on. */
export interface AssembledTenants {
  readonly tenants: Tenants<AssembledTenant>
  readonly handler: HttpHandler
  /** What all have together: where the server's own documents and everybody's bytes are. */
  readonly shared: Pick<Stores, 'metadata' | 'movable' | 'dataDirectory' | 'presigning'>
  /** Resolves where requests would be served: the server's own store answers. */
  readonly isServing: () => Promise<boolean>
  /** The right to look after tenants that are not open, which one process has at a time: see `TenantRoundsOptions.take`. */
  readonly takeRound: () => Promise<(() => Promise<void>) | null>
  /** Waits for calls under way, then closes everything. */
  readonly close: () => Promise<void>
}

/** They ask once a second, for what is a second old at the most; and a little. */
const OTHERS_HEAR_SECONDS = 2.5
/** Opens the server's own store and the backend, and the door before tenants, which are opened when somebody comes. */
export async function assembleTenants(options: AssembleTenantsOptions): Promise<AssembledTenants> {
  const { directory, migrate = true, presigning = false, observer } = options
  const writers = sqliteWriters()
  const control = await openControlStore({ ...options, migrate, writers })
  const hashWorkers = new HashWorkerPool()
  const closers = [() => hashWorkers.close(), () => control.close()]
  const close = async (): Promise<void> => {
    const closer = closers.shift()
    try {
      await closer?.()
    } finally {
      // Whatever does not close must not keep the next one open.
      if (closers.length > 0) await close()
    }
  }
  try {
    const catalogue = new TenantCatalogue({ metadata: control.metadata, clock: systemClock, observer })
    await catalogue.load()
    const movable = backendOf(control, catalogue, options)
    const backend = new SharedBackend(movable)
    closers.unshift(() => backend.close())
    await backend.init()
    const { postgres, schema, metadata } = control
    const stores = new TenantStores({ directory, writers, postgres, schema, backend, presigning, migrate })
    const { tenantsOpenMax: openMax, tenantIdleSeconds: idleSeconds, tenantRequestsMax: requestsMax } = options.limits
    const ids = createIds()
    const { domains = [], tenantDomain } = options
    const serverDomains = [...domains, ...(tenantDomain === undefined ? [] : [tenantDomain])].map((each) => each.toLowerCase())
    const tenants = new Tenants<AssembledTenant>({
      catalogue,
      stores,
      open: opener({ options, catalogue, hashWorkers }),
      openMax,
      idleSeconds,
      requestsMax,
      serverDomains,
      observer,
      othersHearSeconds: postgres === null ? 0 : (options.othersHearSeconds ?? OTHERS_HEAR_SECONDS),
      clock: systemClock,
      ids,
    })
    closers.unshift(() => tenants.close())
    const isServing = async (): Promise<boolean> => (await metadata.policyVersion()) >= 0
    const handler = tenantHandler({ tenants, domain: tenantDomain?.toLowerCase() ?? null, domains, serverDomains, observer })
    const shared = { metadata, movable, dataDirectory: directory, presigning }
    return { tenants, handler, shared, isServing, takeRound: roundLease(control, ids.uuid()), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Where everybody's bytes are: nobody but a server without a tenant may say that they are elsewhere from now on. */
function backendOf(
  { metadata }: ControlStore,
  catalogue: TenantCatalogue,
  { directory, bytes, migrate = true, presigning = false }: AssembleTenantsOptions,
): MovableBackend {
  return placeBackend({
    metadata,
    dataDirectory: directory,
    presigning,
    mayBegin: migrate && catalogue.all.length === 0,
    ...(bytes === undefined ? {} : { wanted: bytes }),
  })
}

interface OpenerParts {
  readonly options: AssembleTenantsOptions
  readonly catalogue: TenantCatalogue
  readonly hashWorkers: HashWorkerPool
}

function opener({ options, catalogue, hashWorkers }: OpenerParts): (...given: OpenGiven) => Promise<AssembledTenant> {
  return async (tenant, stores, wornOut) => {
    const { engine, doorAt, administration, keys, close } = await assembleOver(stores, {
      ...options,
      hashWorkers,
      observer: tenantObserver(tenant.name, options.observer, wornOut),
      documentsOf: (metadata) => withRegisteredKeys(metadata, (ids) => catalogue.registerKeys(tenant, ids)),
    })
    return {
      administration,
      doorAt: remembered(doorAt),
      async createRootKey() {
        const { accessKeyId, secretAccessKey } = await keys.create({ account: ROOT_ACCOUNT, by: 'operator' })
        return { accessKeyId, secretAccessKey }
      },
      collectGarbage: async (signal) => void (await engine.collectGarbage({ signal })),
      close,
    }
  }
}

type OpenGiven = readonly [tenant: Tenant, stores: Stores, wornOut: () => void]

/** A tenant's hosts change seldom: its door is made anew then. */
function remembered(doorAt: (domains: readonly string[]) => HttpHandler): (domains: readonly string[]) => HttpHandler {
  let known = ''
  let door: HttpHandler | null = null
  return (domains) => {
    const wanted = domains.join(' ')
    if (door === null || wanted !== known) {
      door = doorAt(domains)
      known = wanted
    }
    return door
  }
}
