import { resolve } from 'node:path'
import { AccessKeys, StoredCredentials } from '@stowage/credentials'
import type { KeyCredential } from '@stowage/credentials'
import { accountCaller, openEngine, storedPolicies } from '@stowage/core'
import type { Caller, Engine, StoredPolicies } from '@stowage/core'
import { administer } from '../administration/administration.ts'
import type { Administration } from '../administration/administration.ts'
import { ROOT_ACCOUNT } from '../stores/root-credentials.ts'
import { checkDataDirectory } from '../stores/check-data-directory.ts'
import type { CliContext } from './cli-context.ts'
import { connectControl } from '../administration/control-client.ts'
import { masterKeysFor } from '../stores/master-keys.ts'
import { readKeptCredentials } from '../stores/root-credentials.ts'
import { isOfTenants } from '../tenants/control-store.ts'
import { lookForTenants } from '../tenants/tenancy.ts'
import type { StorePlace } from '../tenants/tenancy.ts'
import { METADATA_FILE, metadataFromEnvironment, storesOf } from '../stores/stores.ts'
import type { Stores } from '../stores/stores.ts'

/** Which store a command is about. */
export interface AdministeredStore {
  /** The data directory, as given to `serve`; relative to the working directory. */
  readonly directory: string
  /** As given to `serve`. */
  readonly metadata?: string
  /** As given to `serve`. */
  readonly schema?: string
  /** The tenant that is meant, of a server with tenants. */
  readonly tenant?: string
}

/** How a question is put. */
export interface AskedStore extends AdministeredStore {
  readonly env: CliContext['env']
  /** Whether it is answered by an engine, as explanations are. Default: by the stores alone. */
  readonly byEngine?: boolean
}

/**
 * Gives an operator's question to the server that has the directory open; where none has, opens the stores for it and closes them
 * afterwards. Throws where the directory is none.
 */
export async function withAdministration<T>(store: AskedStore, use: (administration: Administration) => Promise<T>): Promise<T> {
  const directory = resolve(store.directory)
  const serving = await connectControl(directory, store.tenant)
  if (serving !== null) return use(serving)
  if (store.tenant !== undefined || (await isOfTenants(directory))) {
    const { withTenants } = await import('./with-tenants.ts')
    return withTenants({ ...store, migrate: false }, ({ administration, tenants }) =>
      store.tenant === undefined ? use(administration) : tenants.within(store.tenant, use),
    )
  }
  // Opening would make an empty store where there is none, and find it in perfect order.
  const metadata = store.metadata ?? metadataFromEnvironment(store.env)
  // With the metadata in Postgres it says whether the directory has the bytes.
  if (metadata === undefined) await checkDataDirectory(directory, METADATA_FILE)
  const masterKeys = masterKeysFor(store.env, directory)
  const place = {
    directory,
    ...(metadata === undefined ? {} : { metadata }),
    ...(store.schema === undefined ? {} : { schema: store.schema }),
  }
  await refuseTenants(place)
  // Servers of another release may go on with it: an operator's look changes nothing.
  const stores = await storesOf({ ...place, migrate: false })
  try {
    const policies = storedPolicies({ metadata: stores.metadata })
    const { engine, close } = await open(stores, store.byEngine === true ? policies : null)
    try {
      const parts = { documents: stores.metadata, masterKeys, roles: policies.roles }
      const keys = new AccessKeys(parts)
      const find = async (id: string): Promise<KeyCredential | null> => (await keys.find(id))?.credential ?? null
      const stored = new StoredCredentials({ ...parts, keys: { find } })
      const access = { policies, engine, findKey: findKeyIn(directory, keys) }
      return await use(administer(stores, { keys, stored, policies: access, masterKeys }))
    } finally {
      await close()
    }
  } finally {
    await stores.end()
  }
}

/** Before anything else: what its bytes are, and what works in the background, is its server's. */
async function refuseTenants(place: StorePlace): Promise<void> {
  const tenancy = await lookForTenants(place)
  if (tenancy === 'server') throw new Error('This store has tenants: say with --tenant which one is meant.')
  if (tenancy === 'tenant') throw new Error('This is the store of a tenant: name its server, and the tenant with --tenant.')
}

interface Opened {
  readonly engine: Engine | null
  readonly close: () => Promise<void>
}

/** Opens the stores; by an engine where a policy is given. */
async function open({ metadata, backend }: Stores, policy: StoredPolicies | null): Promise<Opened> {
  if (policy !== null) {
    const engine = await openEngine({ metadata, backend, policy })
    return { engine, close: () => engine.close() }
  }
  await metadata.open()
  const close = async (): Promise<void> => {
    await backend.close()
    await metadata.close()
  }
  try {
    await backend.init()
  } catch (error) {
    await close()
    throw error
  }
  return { engine: null, close }
}

/** Stored keys, and the pair that the directory keeps; those of a configuration are known to its server alone. */
function findKeyIn(directory: string, keys: AccessKeys): (id: string) => Promise<Caller | null> {
  return async (id) => {
    const kept = await readKeptCredentials(directory)
    if (kept?.accessKeyId === id) return accountCaller(ROOT_ACCOUNT, id)
    return (await keys.find(id))?.credential.caller ?? null
  }
}
