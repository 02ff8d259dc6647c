import { accountCaller, openEngine, storedPolicies } from '@stowage/core'
import type { Caller, Engine, EngineOptions, HashWorkerPool, MetadataStore, Observer, Policy, StoredPolicies } from '@stowage/core'
import { AccessKeys, firstCredential, StoredCredentials } from '@stowage/credentials'
import type {
  DocumentStore,
  KeyCredential,
  KeyProvider,
  S3Credential,
  S3CredentialResolver,
  StoredCredentialsOptions,
} from '@stowage/credentials'
import type { HttpHandler } from '@stowage/http'
import { jurisdictionFromHost, s3Handler, stsHandler } from '@stowage/s3-protocol'
import type { Credential, CredentialResolver, Jurisdiction, StsHandlerOptions } from '@stowage/s3-protocol'
import type { Account } from './config-file.ts'
import { administer } from '../administration/administration.ts'
import type { Administration } from '../administration/administration.ts'
import type { ServerLimits } from './limits.ts'
import { masterKeysFor } from '../stores/master-keys.ts'
import { ROOT_ACCOUNT } from '../stores/root-credentials.ts'
import type { RootCredentials } from '../stores/root-credentials.ts'
import { storesOf } from '../stores/stores.ts'
import type { StoreOptions, Stores } from '../stores/stores.ts'
import { lookForTenants, tenancyOf } from '../tenants/tenancy.ts'
import type { StorePlace, Tenancy } from '../tenants/tenancy.ts'

/** The longest that such an address may live, and from where on a second request is worth it. */
const REDIRECTS = { expiresInSeconds: 60, sizeMin: 1024 ** 2 } as const

/** What is put together for one data directory, or for none. */
export interface AssembleOptions extends StoreOptions, DoorOptions {
  /** The keys of the account `root`. */
  readonly credentials: RootCredentials
}

/** What an engine and its door are made of, wherever the stores are. */
export interface DoorOptions {
  /** The keys of the account `root`. Default: stored ones only. */
  readonly credentials?: RootCredentials
  /** Seals the secrets of stored keys. Default: what the directory keeps. */
  readonly masterKeys?: KeyProvider
  /** Others, with keys of their own; each owns its buckets. Default: none. */
  readonly accounts?: readonly Account[]
  /** What signatures must name, and what GetBucketLocation answers. */
  readonly region: string
  /** Host names under which buckets are sub-domains. Default: none. */
  readonly domains?: readonly string[]
  /** Where clients reach the server through a proxy: see `S3HandlerOptions`. Default: none. */
  readonly publicUrls?: readonly string[]
  /** Hosts under which the buckets of a jurisdiction are found. Default: none. */
  readonly jurisdictions?: readonly Jurisdiction[]
  /** The hosts that temporary credentials of R2 may be signed for elsewhere. Default: none, and such are refused. */
  readonly r2Endpoints?: readonly string[]
  /** Whether keys of issuers may be read over plain http and from private networks. Default: not. */
  readonly privateIssuers?: boolean
  /** The largest body of one put or part, in bytes. Default: the engine's. */
  readonly bodySizeMax?: number
  /** Of requests for temporary credentials. Default: the service's. */
  readonly stsLimits?: Pick<ServerLimits, 'stsPerAddressMinuteMax' | 'stsPerSubjectMinuteMax'>
  /** What the engine does behind the calls. Default: nothing. */
  readonly background?: EngineOptions['background']
  /** Hears of faults of engine and door. */
  readonly observer: Observer
  /** Threads that hash, where several engines have them together. */
  readonly hashWorkers?: HashWorkerPool
  /** The metadata as the credentials use it. Default: as it is. */
  readonly documentsOf?: (metadata: MetadataStore) => DocumentStore
}

/** An open engine, and its S3 door. */
export interface Assembled {
  readonly engine: Engine
  readonly handler: HttpHandler
  /** The same door under other host names: see `S3HandlerOptions.domains`. */
  readonly doorAt: (domains: readonly string[]) => HttpHandler
  readonly administration: Administration
  /** The stored keys. */
  readonly keys: AccessKeys
  /** Waits for calls under way, then closes everything. */
  readonly close: () => Promise<void>
}

/**
 * Opens the stores in a directory, which must be there, the engine over them, and the S3 door before it. Rejects for a store of a server with
 * tenants, and for a tenant's; `checkWithoutTenants` does so before anything is opened.
 */
export async function assemble(options: AssembleOptions): Promise<Assembled> {
  const stores = await storesOf(options)
  const assembled = await assembleOver(stores, options)
  try {
    // A file of an older release can be read only now, and somebody may have been as fast.
    refuseTenants(await tenancyOf(stores.metadata, options))
    return assembled
  } catch (error) {
    await assembled.close()
    throw error
  }
}

/** Rejects where a store, which is not open, is not to be served without tenants. Makes and writes nothing. */
export async function checkWithoutTenants(place: StorePlace): Promise<void> {
  refuseTenants(await lookForTenants(place))
}

function refuseTenants(tenancy: Tenancy): void {
  if (tenancy === 'server') throw new Error('This store has tenants: it is served with --tenants.')
  if (tenancy === 'tenant') throw new Error('This is the store of a tenant: its server is the one that has --tenants.')
}

/** The same over stores that are not open yet. */
export async function assembleOver(stores: Stores, options: DoorOptions): Promise<Assembled> {
  const accounts = accountsOf(options)
  const credentials = credentialsOf(accounts)
  const closers = [() => stores.end()]
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
    const { observer } = options
    const policies = storedPolicies({ metadata: stores.metadata })
    const engine = await openEngine(engineOptions(stores, policies, options))
    closers.unshift(() => engine.close())
    const masterKeys = options.masterKeys ?? masterKeysFor({}, stores.dataDirectory)
    const documents = options.documentsOf?.(stores.metadata) ?? stores.metadata
    const parts = { documents, masterKeys, observer, roles: policies.roles }
    const keys = new AccessKeys({
      ...parts,
      reservedIds: [...credentials.keys()],
    })
    closers.unshift(() => keys.close())
    const own = givenThenStored(credentials, keys)
    const stored = new StoredCredentials({ ...parts, keys: own, ...tokenOptions(options) })
    closers.unshift(() => stored.close())
    const resolver = withFreshRoles(firstResolver(credentials, [stored, own]), policies)
    const findKey = async (id: string): Promise<Caller | null> =>
      credentials.get(id)?.caller ?? (await keys.find(id))?.credential.caller ?? null
    const names = new Map(accounts.map(({ id, displayName }) => [id, displayName]))
    const sts = stsHandler({ issuer: stored, credentials: resolver, ...stsOptions(options) })
    const doorAt = (domains: readonly string[]): HttpHandler =>
      s3Handler({
        engine,
        region: options.region,
        domains,
        ...(options.publicUrls === undefined ? {} : { publicUrls: options.publicUrls }),
        ...(options.jurisdictions === undefined ? {} : { jurisdictions: options.jurisdictions }),
        credentials: resolver,
        ...(stores.presigning ? { redirects: REDIRECTS } : {}),
        sts,
        displayName: (account) => names.get(account) ?? account,
        observer,
      })
    const administration = administer(stores, { keys, stored, policies: { policies, engine, findKey }, masterKeys })
    return { engine, handler: doorAt(options.domains ?? []), doorAt, administration, keys, close }
  } catch (error) {
    await close()
    throw error
  }
}

function engineOptions(
  stores: Stores,
  policy: Policy,
  { bodySizeMax, observer, hashWorkers, background = 'never' }: DoorOptions,
): EngineOptions {
  const { metadata, backend, blobPrefix } = stores
  return {
    metadata,
    backend,
    policy,
    observer,
    background,
    limits: bodySizeMax === undefined ? {} : { putSizeMax: bodySizeMax, partSizeMax: bodySizeMax },
    ...(blobPrefix === undefined ? {} : { blobPrefix }),
    ...(hashWorkers === undefined ? {} : { hashWorkers }),
  }
}

/** The keys that signatures are made with and nothing beside: of the configuration, which stored ones cannot take over, and stored. */
function givenThenStored(given: ReadonlyMap<string, Credential>, keys: AccessKeys): OwnKeys {
  const stored = keys.resolver()
  return { find: (id) => given.get(id) ?? stored.find(id) }
}

interface OwnKeys {
  find(accessKeyId: string): S3Credential | KeyCredential | null | Promise<KeyCredential | null>
}

/** Those of the configuration are looked for first: no token can speak for them. */
function firstResolver(given: ReadonlyMap<string, Credential>, resolvers: readonly S3CredentialResolver[]): CredentialResolver {
  const others = firstCredential(resolvers)
  return { find: (id, sessionToken) => given.get(id) ?? others.find(id, sessionToken) }
}

function tokenOptions({ r2Endpoints = [], jurisdictions = [], privateIssuers = false }: DoorOptions): Partial<StoredCredentialsOptions> {
  const jurisdictionOf = jurisdictionFromHost(jurisdictions)
  const endpoints = new Map(r2Endpoints.map((host) => [host, jurisdictionOf(host) ?? 'default']))
  return {
    ...(endpoints.size === 0 ? {} : { r2Endpoints: endpoints }),
    ...(privateIssuers ? { remoteKeys: { allowHttp: true, allowPrivateAddresses: true } } : {}),
  }
}

function stsOptions({ stsLimits, observer, publicUrls, region }: DoorOptions): Omit<StsHandlerOptions, 'issuer' | 'credentials'> {
  return {
    region,
    observer,
    ...(publicUrls === undefined ? {} : { publicUrls }),
    ...(stsLimits === undefined
      ? {}
      : { perAddressMinuteMax: stsLimits.stsPerAddressMinuteMax, perSubjectMinuteMax: stsLimits.stsPerSubjectMinuteMax }),
  }
}

/** A role that another process has made, or taken the bypass from, counts within a second. */
function withFreshRoles(resolver: CredentialResolver, policies: StoredPolicies): CredentialResolver {
  return {
    find(id, sessionToken) {
      const refreshed = policies.refresh()
      return refreshed === null ? resolver.find(id, sessionToken) : refreshed.then(() => resolver.find(id, sessionToken))
    },
  }
}

function accountsOf({ credentials, accounts = [] }: DoorOptions): readonly Account[] {
  const keys = credentials === undefined ? [] : [credentials]
  return [{ id: ROOT_ACCOUNT, displayName: ROOT_ACCOUNT, email: null, keys }, ...accounts]
}

/** Throws where an account, or a key, is there twice. */
function credentialsOf(accounts: readonly Account[]): ReadonlyMap<string, Credential> {
  const credentials = new Map<string, Credential>()
  for (const [index, { id, keys }] of accounts.entries()) {
    if (accounts.findIndex((other) => other.id === id) !== index) throw new Error(`Two accounts have the id ${id}.`)
    for (const { accessKeyId, secretAccessKey } of keys) {
      if (credentials.has(accessKeyId)) throw new Error(`Two keys have the id ${accessKeyId}.`)
      // The secret stays while this process lives, and its signing keys live no longer.
      credentials.set(accessKeyId, { id: accessKeyId, version: '1', secretAccessKey, caller: accountCaller(id, accessKeyId) })
    }
  }
  return credentials
}
