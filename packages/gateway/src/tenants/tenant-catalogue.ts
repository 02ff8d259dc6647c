import { PolicyVersionWatch } from '@stowage/core'
import type { Clock, JsonValue, MetadataStore, Observer } from '@stowage/core'
import type { DocumentId, DocumentWrite } from '@stowage/core/metadata'
import { isAtOrBelow } from './checked-hosts.ts'
import { readKeyNote, removeKeyNotes, writeKeyNotes } from './key-notes.ts'
import { decodeTenant, encodeTenant, HOST_LENGTH_MAX, TENANT_KINDS, TENANTS_MAX } from './tenant.ts'
import type { Tenant } from './tenant.ts'

/** What a catalogue is made of. */
export interface TenantCatalogueOptions {
  /** The store of the server's own, open. */
  readonly metadata: MetadataStore
  /** By which it is told how old an answer is. */
  readonly clock: Clock
  /** Hears where the store could not be asked (`tenants.version-unknown`), and of tenants that cannot be read (`tenant.unreadable`). */
  readonly observer: Observer
}

/** Hears what has become of tenants whenever they were read anew; `before` are the former ones, by id. */
export type TenantsListener = (before: ReadonlyMap<string, Tenant>) => void

/** Keys whose tenant is remembered; others are looked up. */
const KEYS_REMEMBERED_MAX = 20_000
/** An access key id, in lower case. */
const KEY = /^[a-z0-9_.-]{3,128}$/
/** How often a change is made anew because another process was faster. */
const ATTEMPTS_MAX = 5

/**
 * The tenants of a server, and which hosts, places and access keys are whose; all but the keys in memory. Each change is one command, so that a
 * host, a place or a key is never two tenants'. What another process has changed counts here within a second.
 */
export class TenantCatalogue {
  readonly #metadata: MetadataStore
  readonly #observer: Observer
  readonly #watch: PolicyVersionWatch
  readonly #keys = new Map<string, string>()
  #tenants: ReadonlyMap<string, Tenant> = new Map()
  #hosts: ReadonlyMap<string, Tenant> = new Map()
  #byId: ReadonlyMap<string, Tenant> = new Map()
  #heard: number | null = null
  #loaded: number | null = null
  #loading: Promise<void> | null = null
  #listener: TenantsListener = () => undefined

  constructor({ metadata, clock, observer }: TenantCatalogueOptions) {
    this.#metadata = metadata
    this.#observer = observer
    this.#watch = new PolicyVersionWatch({
      read: () => metadata.policyVersion(),
      heard: (version) => void (this.#heard = Math.max(version, this.#heard ?? 0)),
      failed: (error) => observer.event('tenants.version-unknown', { error }),
      clock,
      knownSince: null,
    })
  }

  /** To be asked before the others: null where what is known is recent, else what to wait for. Rejects where the store does not answer. */
  refresh(): Promise<void> | null {
    const asked = this.#watch.refresh()
    return asked === null && this.#heard === this.#loaded ? null : this.#catchUp(asked)
  }

  async #catchUp(asked: Promise<void> | null): Promise<void> {
    await asked
    if (this.#heard === this.#loaded) return
    this.#loading ??= this.load().finally(() => {
      this.#loading = null
    })
    await this.#loading
  }

  /** Who hears of changes, whoever makes them; one only. Must not throw. */
  onChange(listener: TenantsListener): void {
    this.#listener = listener
  }

  /** Reads all tenants anew. */
  async load(): Promise<void> {
    const { documents, policyVersion } = await this.#metadata.readDocuments({ kinds: [TENANT_KINDS.tenant] })
    // An answer that comes late says nothing new.
    if (this.#loaded !== null && policyVersion < this.#loaded) return
    const before = this.#byId
    const tenants = documents.flatMap(({ id, body }) => this.#readable(id, body))
    this.#tenants = new Map(tenants.map((tenant) => [tenant.name, tenant]))
    this.#hosts = new Map(tenants.flatMap((tenant) => tenant.hosts.map((host) => [host, tenant] as const)))
    this.#byId = new Map(tenants.map((tenant) => [tenant.id, tenant]))
    this.#loaded = policyVersion
    this.#heard = Math.max(policyVersion, this.#heard ?? 0)
    this.#listener(before)
  }

  /** What another release has written of one tenant closes that one, and is no fault of the others. */
  #readable(name: string, body: JsonValue): readonly Tenant[] {
    try {
      return [decodeTenant(name, body)]
    } catch (error) {
      this.#observer.event('tenant.unreadable', { tenant: name, error })
      return []
    }
  }

  /** All of them, by name. */
  get all(): readonly Tenant[] {
    return [...this.#tenants.values()]
  }

  /** Null where there is none of this name. */
  find(name: string): Tenant | null {
    return this.#tenants.get(name) ?? null
  }

  /** Null where there is none of this id. */
  findById(id: string): Tenant | null {
    return this.#byId.get(id) ?? null
  }

  /** Whose host this is, or whose the one above it is, below `nobodys`; null for nobody's. Lower case, without a port. */
  ofHost(host: string, nobodys: readonly string[] = []): Tenant | null {
    // Nobody's: and looking at every end of it takes long.
    if (host.length > HOST_LENGTH_MAX) return null
    let name = host
    for (;;) {
      if (nobodys.includes(name)) return null
      const found = this.#hosts.get(name)
      if (found !== undefined) return found
      const dot = name.indexOf('.')
      if (dot === -1) return null
      name = name.slice(dot + 1)
    }
  }

  /** Whose access key this is; null for nobody's. */
  async ofKey(accessKeyId: string): Promise<Tenant | null> {
    const key = accessKeyId.toLowerCase()
    // Nobody's, whatever the store would say to it.
    if (!KEY.test(key)) return null
    const known = this.#byId.get(this.#keys.get(key) ?? '')
    // That of a tenant that is gone may be another one's by now.
    if (known !== undefined) return known
    const id = await readKeyNote(this.#metadata, key)
    if (id === null) return null
    this.#remember(key, id)
    return this.#byId.get(id) ?? null
  }

  #remember(key: string, id: string): void {
    const [oldest] = this.#keys.keys()
    if (this.#keys.size >= KEYS_REMEMBERED_MAX && oldest !== undefined) this.#keys.delete(oldest)
    this.#keys.set(key, id)
  }

  /** Adds a tenant with its hosts. Throws where the name, a host or the place is taken, and where there are too many. */
  async add(tenant: Tenant): Promise<void> {
    if (this.#tenants.size >= TENANTS_MAX) throw new Error(`A server has at most ${TENANTS_MAX} tenants.`)
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const writes = [
        { kind: TENANT_KINDS.tenant, id: tenant.name, expected: null, body: encodeTenant(tenant), sealed: null },
        ...claimsOf(tenant).map((claim) => newClaim(claim, tenant)),
        ...(await this.#checkedHosts(tenant.id, tenant.hosts)),
      ]
      const done = await this.#metadata.writeDocuments({ writes, raisesPolicyVersion: true })
      await this.load()
      if (done.outcome === 'written') return
      if (done.kind === TENANT_KINDS.hosts) continue
      throw taken(done) ?? new Error(`There is a tenant ${done.id} already.`)
    }
    throw busy(tenant.name)
  }

  /** Changes a tenant, and says what it is now. `change` may throw. Throws where there is none, and where a host or a place is taken. */
  async change(name: string, change: (tenant: Tenant) => Partial<Omit<Tenant, 'name' | 'id'>>): Promise<Tenant> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const document = await this.#metadata.readDocument({ kind: TENANT_KINDS.tenant, id: name })
      if (document === null) throw new Error(`There is no tenant ${name}.`)
      const before = decodeTenant(name, document.body)
      const after: Tenant = { ...before, ...change(before) }
      const [had, has] = [claimsOf(before), claimsOf(after)]
      const newHosts = after.hosts.filter((host) => !before.hosts.includes(host))
      const writes = [
        { kind: TENANT_KINDS.tenant, id: name, expected: document.version, body: encodeTenant(after), sealed: null },
        ...has.filter((claim) => !isAmong(claim, had)).map((claim) => newClaim(claim, after)),
        ...had.filter((claim) => !isAmong(claim, has)).map(goneDocument),
        ...(await this.#checkedHosts(after.id, newHosts)),
      ]
      const done = await this.#metadata.writeDocuments({ writes, raisesPolicyVersion: true })
      await this.load()
      if (done.outcome === 'written') return after
      const refusal = taken(done)
      if (refusal !== null) throw refusal
    }
    throw busy(name)
  }

  /** Throws where hosts are at, below or above another tenant's. What is to be written with them says that nobody was given one since. */
  async #checkedHosts(id: string, hosts: readonly string[]): Promise<readonly DocumentWrite[]> {
    if (hosts.length === 0) return []
    const given = { kind: TENANT_KINDS.hosts, id: 'main' }
    const known = await this.#metadata.readDocument(given)
    await this.load()
    for (const host of hosts) {
      const above = this.ofHost(host)
      if (above !== null && above.id !== id) throw new Error(`Another tenant has the host ${host}, or one above it.`)
      for (const [name, other] of this.#hosts) {
        if (other.id !== id && isAtOrBelow(name, host)) throw new Error(`Another tenant has a host below ${host}.`)
      }
    }
    return [{ ...given, expected: known?.version ?? null, body: {}, sealed: null }]
  }

  /**
   * Notes that a new access key is a tenant's, before it works. False where it is another one's. A key that is then not made after all, or is
   * revoked, stays noted: its tenant refuses it.
   */
  registerKeys(tenant: Tenant, accessKeyIds: readonly string[]): Promise<boolean> {
    return writeKeyNotes(this.#metadata, tenant, accessKeyIds)
  }

  /**
   * Forgets a tenant whose data are gone: its keys, its hosts, its place and itself. What stops it is gone on with by calling it again; one that another
   * process has forgotten meanwhile is left so, and so is another tenant that has its name by now.
   */
  async remove({ name, id }: Tenant): Promise<void> {
    await removeKeyNotes(this.#metadata, id)
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const document = await this.#metadata.readDocument({ kind: TENANT_KINDS.tenant, id: name })
      const now = document === null ? null : decodeTenant(name, document.body)
      if (document === null || now?.id !== id) return this.load()
      const writes = [
        { kind: TENANT_KINDS.tenant, id: name, expected: document.version, body: null, sealed: null },
        // As long as the tenant is what was read, these are its own.
        ...claimsOf(now).map(goneDocument),
      ]
      const { outcome } = await this.#metadata.writeDocuments({ writes, raisesPolicyVersion: true })
      await this.load()
      if (outcome === 'written') return
    }
    throw busy(name)
  }
}

/** What no two tenants may have. File systems and people take a place in capitals for the same. */
function claimsOf({ hosts, place }: Tenant): readonly DocumentId[] {
  const where = place.kind === 'sqlite' ? place.folder : place.schema
  const own = { kind: TENANT_KINDS.place, id: `${place.kind}:${where.toLowerCase()}` }
  return [own, ...hosts.map((host) => ({ kind: TENANT_KINDS.host, id: host }))]
}

function isAmong(wanted: DocumentId, claims: readonly DocumentId[]): boolean {
  return claims.some(({ kind, id }) => kind === wanted.kind && id === wanted.id)
}

function taken({ kind, id }: DocumentId): Error | null {
  if (kind === TENANT_KINDS.host) return new Error(`Another tenant has the host ${id}.`)
  return kind === TENANT_KINDS.place ? new Error(`Another tenant is at ${id}.`) : null
}

function newClaim({ kind, id }: DocumentId, tenant: Tenant): DocumentWrite {
  return { kind, id, expected: null, body: { tenant: tenant.id }, sealed: null }
}

function goneDocument({ kind, id }: DocumentId): DocumentWrite {
  return { kind, id, expected: 'any', body: null, sealed: null }
}

function busy(name: string): Error {
  return new Error(`The tenant ${name} is being changed by somebody else. Try again.`)
}
