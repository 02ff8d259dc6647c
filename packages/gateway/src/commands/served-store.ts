import { accountCaller, isStorageError } from '@stowage/core'
import type { Engine, Observer } from '@stowage/core'
import { assemble, checkWithoutTenants } from '../serving/assemble.ts'
import type { Account } from '../serving/config-file.ts'
import type { ServerLimits } from '../serving/limits.ts'
import { makeDataDirectory } from '../stores/make-data-directory.ts'
import { masterKeysFor } from '../stores/master-keys.ts'
import { ROOT_ACCOUNT, rootCredentials } from '../stores/root-credentials.ts'
import { replicaFromEnvironment } from '../stores/stores.ts'
import { isOfTenants } from '../tenants/control-store.ts'
import type { CliContext } from './cli-context.ts'
import type { ServeOptions } from './serve-command.ts'
import { COLLECT_EVERY_SECONDS } from './served.ts'
import type { Served } from './served.ts'

/** What `serve` was told, read. */
export interface OpenServedOptions {
  /** As they were given. */
  readonly options: ServeOptions
  /** Where the environment is. */
  readonly context: CliContext
  /** Absolute; null keeps everything in memory. */
  readonly directory: string | null
  /** A `postgres://` URL, from wherever it was given. */
  readonly metadata: string | undefined
  /** Of the config file. */
  readonly accounts: readonly Account[]
  /** Of the config file, with the defaults of what it leaves out. */
  readonly limits: ServerLimits
  /** Hears of faults, and of what becomes of credentials. */
  readonly observer: Observer
}

/** Of all servers on one store, one collects at a time. */
const BACKGROUND = { garbageEverySeconds: COLLECT_EVERY_SECONDS } as const

/** Opens the one store of a directory, or of none, with the buckets that were asked for. */
export async function openStore({ options, context, directory, metadata, accounts, limits, observer }: OpenServedOptions): Promise<Served> {
  if (options.tenantDomain !== undefined) throw new Error('--tenant-domain goes with --tenants.')
  if (directory !== null) {
    if (await isOfTenants(directory)) throw new Error(`${directory} has tenants: it is served with --tenants.`)
    await checkWithoutTenants({ ...placesOf({ options, context, metadata }), directory })
    await makeDataDirectory(directory)
  }
  const credentials = await rootCredentials(context.env, directory)
  const { engine, handler, administration, close } = await assemble({
    ...placesOf({ options, context, metadata }),
    directory,
    credentials,
    masterKeys: masterKeysFor(context.env, directory),
    accounts,
    ...doorOf(options, limits),
    background: BACKGROUND,
    observer,
  })
  try {
    await makeBuckets(engine, options.bucket)
  } catch (error) {
    await close()
    throw error
  }
  return {
    handler,
    isServing: () => isServing(engine),
    administration,
    tenants: null,
    credentials,
    // The engine does it itself.
    work: () => () => Promise.resolve(),
    close,
  }
}

/** Where metadata and bytes are, as `assemble` and `assembleTenants` take it. */
export function placesOf({ options, context, metadata }: Pick<OpenServedOptions, 'options' | 'context' | 'metadata'>): {
  readonly metadata?: string
  readonly metadataReplica?: string
  readonly schema?: string
  readonly bytes?: string
  readonly presigning: boolean
} {
  const replica = options.metadataReplica ?? replicaFromEnvironment(context.env)
  return {
    ...(metadata === undefined ? {} : { metadata }),
    ...(options.schema === undefined ? {} : { schema: options.schema }),
    ...(replica === undefined ? {} : { metadataReplica: replica }),
    ...(options.backend === undefined ? {} : { bytes: options.backend }),
    presigning: options.redirectReads === true,
  }
}

/** What the door is told. */
export function doorOf(options: ServeOptions, limits: ServerLimits): Pick<Parameters<typeof assemble>[0], DoorField> {
  return {
    publicUrls: options.publicUrl,
    region: options.region,
    domains: options.domain,
    jurisdictions: options.jurisdiction,
    r2Endpoints: options.r2Endpoint,
    privateIssuers: options.privateIssuers === true,
    bodySizeMax: limits.bodySizeMax,
    stsLimits: limits,
  }
}

type DoorField = 'publicUrls' | 'region' | 'domains' | 'jurisdictions' | 'r2Endpoints' | 'privateIssuers' | 'bodySizeMax' | 'stsLimits'

/** The metadata answer. */
async function isServing(engine: Engine): Promise<boolean> {
  await engine.as(accountCaller(ROOT_ACCOUNT), { operation: 'ListBuckets' }).listBuckets({ limit: 1 })
  return true
}

async function makeBuckets(engine: Engine, names: readonly string[]): Promise<void> {
  const session = engine.as(accountCaller(ROOT_ACCOUNT), { operation: 'CreateBucket' })
  for (const name of names) {
    try {
      await session.createBucket({ bucket: { name } })
    } catch (error) {
      if (!(isStorageError(error) && error.code === 'BucketAlreadyExists' && error.details.ownedByCaller)) throw error
    }
  }
}
