import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Clock, Ids, Observer } from '@stowage/core'
import { storedAccessKeyIds } from '@stowage/credentials'
import type { AccessKeyPair } from '@stowage/credentials'
import type { Stores } from '../stores/stores.ts'
import { checkedHosts } from './checked-hosts.ts'
import { OpenCache } from './open-cache.ts'
import type { Lease, UseOptions } from './open-cache.ts'
import { parseRequestsMax, parseTenantName } from './tenant.ts'
import { checkTenantMark, markAsTenants } from './store-mark.ts'
import { TenantClosedError } from './tenant-closed-error.ts'
import type { NewTenant, TenantChange } from './tenant-wishes.ts'
import type { Tenant, TenantPlace } from './tenant.ts'
import type { TenantCatalogue } from './tenant-catalogue.ts'
import type { TenantStores } from './tenant-stores.ts'

/** What is open of a tenant. */
export interface OpenTenant {
  /** Makes a key of the account that owns the tenant. */
  createRootKey(): Promise<AccessKeyPair>
  /** One run of the collector. Rejects with the signal's reason. */
  collectGarbage(signal: AbortSignal): Promise<void>
  /** Waits for calls under way, then closes everything that is not shared. */
  close(): Promise<void>
}

/** What the tenants of a server are made of. */
export interface TenantsOptions<T extends OpenTenant> {
  /** Which there are. */
  readonly catalogue: TenantCatalogue
  /** What they keep their things in. */
  readonly stores: TenantStores
  /** Opens one over its stores. `wornOut` is to be called when it had better be opened anew, as when its disk has failed. */
  readonly open: (tenant: Tenant, stores: Stores, wornOut: () => void) => Promise<T>
  /** Open at a time at the most. */
  readonly openMax: number
  /** What nobody has used for so long is closed, in seconds. */
  readonly idleSeconds: number
  /** Of a new tenant that is not given one. */
  readonly requestsMax: number
  /** Within which other processes that serve the same tenants have heard of a change; 0 where there are none. */
  readonly othersHearSeconds: number
  /** Where everybody's buckets and tenants are, in lower case: no tenant's. */
  readonly serverDomains: readonly string[]
  /** When they are made. */
  readonly clock: Clock
  /** What they are called by where names may be given again. */
  readonly ids: Ids
  /** Hears what becomes of them: `tenant.created`, `.changed`, `.suspended`, `.resumed`, `.placed`, `.deleted`, `.close-failed`. */
  readonly observer: Observer
}

/** How a tenant is used. */
export interface TenantUseOptions extends Pick<UseOptions, 'passing'> {
  /** Also where the tenant is suspended. Default false. */
  readonly evenSuspended?: boolean
}

const WAIT_SECONDS_MAX = 10
/** The tenants of a server: which there are, and those of them that are open at the moment. */
export class Tenants<T extends OpenTenant> {
  readonly catalogue: TenantCatalogue
  readonly #options: TenantsOptions<T>
  readonly #cache: OpenCache<T>
  readonly #deleting = new Map<string, Promise<void>>()
  readonly #closing = new AbortController()
  /** Being made: their tables are made whatever else is only looked at, and they are open although nobody serves them yet. */
  readonly #making = new Set<string>()

  constructor(options: TenantsOptions<T>) {
    const { catalogue, observer, openMax, idleSeconds } = options
    this.catalogue = catalogue
    this.#options = options
    this.#cache = new OpenCache({
      openMax,
      idleSeconds,
      waitSecondsMax: WAIT_SECONDS_MAX,
      open: (id) => this.#open(id),
      close: (opened) => opened.close(),
      onFault: (error) => observer.event('tenant.close-failed', { error }),
    })
    catalogue.onChange((before) => this.#closeChanged(before))
  }

  /** How many are open, or being opened or closed. */
  get openCount(): number {
    return this.#cache.size
  }

  /** Whether this one is open. */
  isOpen({ id }: Tenant): boolean {
    return this.#cache.has(id)
  }

  /** Uses a tenant, opened where it is not. Rejects with what opening did, with `TenantClosedError`, and with `OpenCacheFullError`. */
  async use({ id }: Tenant, options: TenantUseOptions = {}): Promise<Lease<T>> {
    const check = (): void => void this.#usable(id, options)
    check()
    const { passing = false } = options
    const lease = await this.#cache.use(id, { passing, check })
    try {
      // Opening may have taken long.
      check()
      return lease
    } catch (error) {
      lease.release()
      throw error
    }
  }

  #usable(id: string, { evenSuspended = false }: TenantUseOptions): Tenant {
    const tenant = this.catalogue.findById(id)
    if (tenant === null || tenant.state === 'deleting') throw new TenantClosedError('deleting')
    if (tenant.state === 'suspended' && !evenSuspended) throw new TenantClosedError('suspended')
    return tenant
  }

  async #open(id: string): Promise<T> {
    const tenant = this.#usable(id, { evenSuspended: true })
    const { open, stores } = this.#options
    const isNew = this.#making.has(id)
    if (!isNew) await stores.checkThere(tenant)
    const own = stores.of(tenant, isNew ? { migrate: true } : {})
    const opened = await open(tenant, own, () => this.#cache.wearOut(id, { evenInUse: true }))
    try {
      await (isNew ? markAsTenants(own.metadata, tenant) : checkTenantMark(own.metadata, tenant))
      return opened
    } catch (error) {
      await opened.close()
      throw error
    }
  }

  /** Makes a tenant, and a key of its owner, whose secret nobody can read again. A crash in between leaves it suspended, and without a key. */
  async create({ name, hosts, requestsMax }: NewTenant): Promise<{ readonly tenant: Tenant; readonly key: AccessKeyPair }> {
    const { clock, ids, serverDomains, stores } = this.#options
    const id = ids.blobName()
    const named = { name: parseTenantName(name), id }
    const tenant: Tenant = {
      ...named,
      hosts: checkedHosts(hosts, serverDomains),
      state: 'suspended',
      requestsMax: parseRequestsMax(requestsMax ?? this.#options.requestsMax),
      place: stores.placeFor(named),
      createdAt: clock(),
    }
    await this.catalogue.add(tenant)
    this.#making.add(id)
    try {
      return await this.#furnish(tenant)
    } finally {
      this.#making.delete(id)
    }
  }

  async #furnish(tenant: Tenant): Promise<{ readonly tenant: Tenant; readonly key: AccessKeyPair }> {
    const lease = await this.use(tenant, { evenSuspended: true })
    try {
      const key = await lease.value.createRootKey()
      const made = await this.catalogue.change(tenant.name, (now) => ({ state: notDeleting(now, 'active') }))
      this.#announce('tenant.created', made)
      return { tenant: made, key }
    } catch (error) {
      // It is suspended: nobody is to have it open.
      this.#cache.wearOut(tenant.id)
      throw error
    } finally {
      lease.release()
    }
  }

  /** Changes hosts and limits: at once here, within a second in other processes. */
  async change(name: string, { hosts, requestsMax }: TenantChange): Promise<Tenant> {
    const changed = await this.catalogue.change(name, (tenant) => ({
      hosts: hosts === null ? tenant.hosts : checkedHosts(hosts, this.#options.serverDomains),
      requestsMax: requestsMax === null ? tenant.requestsMax : parseRequestsMax(requestsMax),
    }))
    this.#announce('tenant.changed', changed)
    return changed
  }

  /**
   * Refuses the tenant's requests from now on, and closes it: uploads under way are finished, downloads cut off. Resolves when it is closed
   * here, and other processes have heard of it: what is under way there may take longer.
   */
  async suspend(name: string): Promise<Tenant> {
    const suspended = await this.catalogue.change(name, (tenant) => ({ state: notDeleting(tenant, 'suspended') }))
    await this.#cache.evict(suspended.id)
    await this.#untilHeard()
    this.#announce('tenant.suspended', suspended)
    return suspended
  }

  /** Serves a suspended tenant again. */
  async resume(name: string): Promise<Tenant> {
    const resumed = await this.catalogue.change(name, (tenant) => ({ state: notDeleting(tenant, 'active') }))
    this.#announce('tenant.resumed', resumed)
    return resumed
  }

  /**
   * Says where a suspended tenant's metadata is from now on: the last step of moving it, once it has been copied there. What is there is opened
   * first: the tenant stays where it was if that fails, and if it is not this tenant's. Blobs stay where they are.
   */
  async place(name: string, place: TenantPlace): Promise<Tenant> {
    const tenant = this.catalogue.find(name)
    if (tenant?.state !== 'suspended') throw new Error(`The tenant ${name} is not suspended: what it wrote meanwhile would be lost.`)
    if (place.kind === 'postgres' && place.schema === 'public') throw new Error('A tenant has a schema of its own, which goes with it.')
    await this.#cache.evict(tenant.id)
    const { metadata } = this.#options.stores.of({ ...tenant, place }, { migrate: false })
    await metadata.open()
    try {
      await checkTenantMark(metadata, tenant)
      // Some may have been made where it was copied from.
      const ids = await storedAccessKeyIds(metadata)
      if (!(await this.catalogue.registerKeys(tenant, ids))) throw new Error('An access key of what is there is another tenant’s.')
      const placed = await this.catalogue.change(name, (now) => {
        if (now.id !== tenant.id || now.state !== 'suspended') throw new Error(`The tenant ${name} is not suspended any more.`)
        return { place }
      })
      // Whoever has looked into it meanwhile has the former one open.
      await this.#cache.evict(tenant.id)
      await markAsTenants(metadata, placed)
      this.#announce('tenant.placed', placed)
      return placed
    } finally {
      await metadata.close()
    }
  }

  /** Refuses the tenant's requests from now on, and removes all it has. What stops that is gone on with in the background, or by the same call. */
  async delete(name: string): Promise<void> {
    const deleting = await this.catalogue.change(name, () => ({ state: 'deleting' }))
    await this.finishDeletion(deleting)
  }

  /** Goes on with a deletion that has begun. Nothing is left to do where another process has been faster. */
  async finishDeletion(tenant: Tenant): Promise<void> {
    const underWay =
      this.#deleting.get(tenant.id) ??
      this.#delete(tenant).finally(() => {
        this.#deleting.delete(tenant.id)
      })
    this.#deleting.set(tenant.id, underWay)
    await underWay
  }

  async #delete({ id }: Tenant): Promise<void> {
    // The name may be another tenant's by now.
    const tenant = this.catalogue.findById(id)
    if (tenant?.state !== 'deleting') return
    await this.#cache.evict(id)
    await this.#untilHeard()
    await this.#options.stores.remove(tenant, this.#closing.signal)
    await this.catalogue.remove(tenant)
    this.#announce('tenant.deleted', tenant)
  }

  async #untilHeard(): Promise<void> {
    const { othersHearSeconds } = this.#options
    if (othersHearSeconds > 0) await delay(othersHearSeconds * 1000)
  }

  /** Has those closed, once nobody uses them, that another process has suspended, or is deleting. */
  #closeInactive(): void {
    for (const { id, state } of this.catalogue.all) {
      if (state !== 'active' && !this.#making.has(id)) this.#cache.wearOut(id)
    }
  }

  /** Of what is open, as it was: what may not be served any more, or is elsewhere now, is closed, in use or not. */
  #closeChanged(before: ReadonlyMap<string, Tenant>): void {
    for (const { id, state, place } of before.values()) {
      if (!this.#cache.has(id)) continue
      const now = this.catalogue.findById(id)
      const isElsewhere = now !== null && !isDeepStrictEqual(now.place, place)
      if (isElsewhere || (state === 'active' && now?.state !== 'active')) void this.#cache.evict(id)
    }
    this.#closeInactive()
  }

  /** Closes all that are open, and opens no others. Deletions stop where they are: they are gone on with when there is a server again. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('The server stops: the deletion is gone on with when it runs again.'))
    await this.#cache.close()
    await Promise.allSettled(this.#deleting.values())
  }

  #announce(event: string, { name, id }: Tenant): void {
    this.#options.observer.event(event, { tenant: name, id })
  }
}

function notDeleting(tenant: Tenant, state: 'active' | 'suspended'): 'active' | 'suspended' {
  if (tenant.state === 'deleting') throw new Error(`The tenant ${tenant.name} is being deleted.`)
  return state
}
