import { mkdir } from 'node:fs/promises'
import { accountCaller, openEngine, storedPolicies } from '@stowage/core'
import type { Engine, Observer, StoredPolicies } from '@stowage/core'
import { AccessKeys } from '@stowage/credentials'
import type { KeyProvider } from '@stowage/credentials'
import type { HttpHandler } from '@stowage/http'
import { s3Handler } from '@stowage/s3-protocol'
import type { Credential, CredentialResolver } from '@stowage/s3-protocol'
import type { Account } from './config-file.ts'
import { administer } from './administration.ts'
import type { Administration } from './administration.ts'
import { masterKeysFor } from './master-keys.ts'
import type { RootCredentials } from './root-credentials.ts'
import { storesOf } from './stores.ts'
import type { StoreOptions } from './stores.ts'

/** The account of those who start the server. */
export const ROOT_ACCOUNT = 'root'

/** What is put together for one data directory, or for none. */
export interface AssembleOptions extends StoreOptions {
  /** The keys of the account `root`. */
  readonly credentials: RootCredentials
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
  /** The largest body of one put or part, in bytes. Default: the engine's. */
  readonly bodySizeMax?: number
  /** Hears of faults of engine and door. */
  readonly observer: Observer
}

/** An open engine, and its S3 door. */
export interface Assembled {
  readonly engine: Engine
  readonly handler: HttpHandler
  readonly administration: Administration
  /** Waits for calls under way, then closes everything. */
  readonly close: () => Promise<void>
}

/** Opens the stores in a directory, which must be there, the engine over them, and the S3 door before it. */
export async function assemble(options: AssembleOptions): Promise<Assembled> {
  const accounts = [rootAccount(options.credentials), ...(options.accounts ?? [])]
  const credentials = credentialsOf(accounts)
  const stores = await storesOf(options)
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
    const { bodySizeMax, observer } = options
    const limits = bodySizeMax === undefined ? {} : { putSizeMax: bodySizeMax, partSizeMax: bodySizeMax }
    const { metadata, backend } = stores
    const policies = storedPolicies({ metadata })
    const engine = await openEngine({ metadata, backend, policy: policies, observer, limits })
    closers.unshift(() => engine.close())
    const keys = new AccessKeys({
      documents: metadata,
      masterKeys: options.masterKeys ?? masterKeysFor({}, options.directory),
      observer,
      roles: policies.roles,
      reservedIds: [...credentials.keys()],
    })
    closers.unshift(() => keys.close())
    const names = new Map(accounts.map(({ id, displayName }) => [id, displayName]))
    const handler = s3Handler({
      engine,
      region: options.region,
      ...(options.domains === undefined ? {} : { domains: options.domains }),
      ...(options.publicUrls === undefined ? {} : { publicUrls: options.publicUrls }),
      credentials: withFreshRoles(givenThenStored(credentials, keys), policies),
      displayName: (account) => names.get(account) ?? account,
      observer,
    })
    return { engine, handler, administration: administer(stores, keys), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Those of the configuration cannot be taken over by stored ones. */
function givenThenStored(given: ReadonlyMap<string, Credential>, keys: AccessKeys): CredentialResolver {
  const stored = keys.resolver()
  return { find: (id, sessionToken) => given.get(id) ?? stored.find(id, sessionToken) }
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

function rootAccount(keys: RootCredentials): Account {
  return { id: ROOT_ACCOUNT, displayName: ROOT_ACCOUNT, email: null, keys: [keys] }
}

/** Throws where an account, or a key, is there twice. */
function credentialsOf(accounts: readonly Account[]): ReadonlyMap<string, Credential> {
  const credentials = new Map<string, Credential>()
  for (const [index, { id, keys }] of accounts.entries()) {
    if (accounts.findIndex((other) => other.id === id) !== index) throw new Error(`Two accounts have the id ${id}.`)
    for (const { accessKeyId, secretAccessKey } of keys) {
      if (credentials.has(accessKeyId)) throw new Error(`Two keys have the id ${accessKeyId}.`)
      credentials.set(accessKeyId, { id: accessKeyId, version: '1', secretAccessKey, caller: accountCaller(id, accessKeyId) })
    }
  }
  return credentials
}

/** Makes the directory where it is missing. Only its owner may look inside: everybody's bytes are there, and the credentials. */
export async function makeDataDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new Error(`The data directory ${directory} cannot be made: ${(error as Error).message}`, { cause: error })
  }
}
