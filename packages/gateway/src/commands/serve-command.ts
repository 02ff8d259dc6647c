import { resolve } from 'node:path'
import { accountCaller } from '@stowage/core'
import { behindProxies } from '@stowage/http'
import type { Engine, Observer } from '@stowage/core'
import { isStorageError } from '@stowage/core'
import type { Jurisdiction } from '@stowage/s3-protocol'
import type { Logger } from 'pino'
import type { Administration } from '../administration/administration.ts'
import { assemble } from '../serving/assemble.ts'
import { makeDataDirectory } from '../stores/make-data-directory.ts'
import { ROOT_ACCOUNT } from '../stores/root-credentials.ts'
import type { CliContext } from './cli-context.ts'
import { EXIT } from './cli-context.ts'
import { NO_CONFIG, readConfigFile } from '../serving/config-file.ts'
import { completeLimits } from '../serving/limits.ts'
import { listenForControl } from '../administration/control-server.ts'
import type { ControlServer } from '../administration/control-server.ts'
import type { LogLevel } from '../serving/log-level.ts'
import { masterKeysFor } from '../stores/master-keys.ts'
import { metadataFromEnvironment, replicaFromEnvironment } from '../stores/stores.ts'
import { readyBox } from './ready-box.ts'
import { readTls } from '../serving/read-tls.ts'
import { rootCredentials } from '../stores/root-credentials.ts'
import { serverLog } from '../serving/server-log.ts'
import { startServer } from '../serving/start-server.ts'
import { untilSignal } from './until-signal.ts'
import { withHealth } from '../serving/with-health.ts'
import { withRequestLog } from '../serving/with-request-log.ts'

/** What `stowage serve` was told. */
export interface ServeOptions {
  /** Where the data is; null with `memory`. */
  readonly directory: string | null
  /** Keeps nothing: bytes in memory, metadata in a temporary file. */
  readonly memory?: boolean
  /** The address to listen on. */
  readonly host: string
  /** 0 takes a free one, which the ready line names. */
  readonly port: number
  /** Buckets to make at the start; those that are there already are fine. */
  readonly bucket: readonly string[]
  /** What clients sign for, and what GetBucketLocation answers. */
  readonly region: string
  /** Host names under which buckets are sub-domains (virtual-host style). */
  readonly domain: readonly string[]
  /** Hosts under which the buckets of a jurisdiction are found. */
  readonly jurisdiction: readonly Jurisdiction[]
  /** The hosts that temporary credentials of R2 may be signed for elsewhere. */
  readonly r2Endpoint: readonly string[]
  /** Keys of issuers may be read over plain http and from private networks. */
  readonly privateIssuers?: boolean
  /** Where clients reach the server through a proxy that rewrites Host or takes a path off. */
  readonly publicUrl: readonly string[]
  /** Proxies whose `Forwarded` and `X-Forwarded-*` count. */
  readonly trustedProxy: readonly string[]
  /** A `postgres://` URL that keeps the metadata. */
  readonly metadata?: string
  /** The schema in it. */
  readonly schema?: string
  /** A `postgres://` URL of a replica of it, for reads. */
  readonly metadataReplica?: string
  /** Where the bytes are kept, as `parseBackendLocation` reads it. */
  readonly backend?: string
  /** Sends presigned and anonymous reads of large objects on to the backend. */
  readonly redirectReads?: boolean
  /** A file with a certificate, as PEM: serves HTTPS. Needs `tlsKey`. */
  readonly tlsCert?: string
  /** A file with the private key of `tlsCert`. */
  readonly tlsKey?: string
  /** A file with accounts and limits, as `readConfigFile` reads it. */
  readonly config?: string
  /** How much is logged, on stderr. */
  readonly logLevel: LogLevel
  /** Prints one line of JSON when it listens, and nothing else. */
  readonly json?: boolean
}

/** Of all servers on one store, one collects at a time. */
const BACKGROUND = { garbageEverySeconds: 30 } as const

/** Serves S3 until SIGINT or SIGTERM; then finishes the requests under way and closes the database last. */
export async function serveCommand(options: ServeOptions, context: CliContext): Promise<number> {
  const metadata = options.metadata ?? metadataFromEnvironment(context.env)
  const replica = options.metadataReplica ?? replicaFromEnvironment(context.env)
  if (options.memory === true) checkMemory({ ...options, metadata })
  const signal = untilSignal(context.process)
  const { accounts, limits: given } = options.config === undefined ? NO_CONFIG : await readConfigFile(options.config)
  const limits = completeLimits(given)
  const log = serverLog(context.stderr, options.logLevel)
  const tls = await readTls(options.tlsCert, options.tlsKey)
  const directory = options.directory === null ? null : resolve(options.directory)
  const credentials = await rootCredentialsFor(directory, context)
  const { engine, handler, administration, close } = await assemble({
    directory,
    ...(metadata === undefined ? {} : { metadata }),
    ...(options.schema === undefined ? {} : { schema: options.schema }),
    ...(replica === undefined ? {} : { metadataReplica: replica }),
    ...(options.backend === undefined ? {} : { bytes: options.backend }),
    presigning: options.redirectReads === true,
    publicUrls: options.publicUrl,
    credentials,
    masterKeys: masterKeysFor(context.env, directory),
    accounts,
    region: options.region,
    domains: options.domain,
    jurisdictions: options.jurisdiction,
    r2Endpoints: options.r2Endpoint,
    privateIssuers: options.privateIssuers === true,
    bodySizeMax: limits.bodySizeMax,
    stsLimits: limits,
    background: BACKGROUND,
    observer: eventsTo(log),
  })
  try {
    await makeBuckets(engine, options.bucket)
    let stopping = false
    const isReady = async (): Promise<boolean> => !stopping && (await isServing(engine))
    const served = behindProxies(withHealth(withRequestLog(handler, log), { isReady }), options.trustedProxy)
    const server = await startServer(served, {
      host: options.host,
      port: options.port,
      tls,
      limits,
      onFault: (error) => log.error({ err: error }, 'an answer could not be sent, and it was our fault'),
    })
    const control = await openControl(directory, { administration, log })
    const ready = { endpoint: server.endpoint, region: options.region, ...credentials }
    context.stdout.write(options.json === true ? `${JSON.stringify(ready)}\n` : readyBox(ready, directory))
    await signal.received
    if (options.json !== true) context.stderr.write('stowage: finishing the requests under way …\n')
    stopping = true
    await control?.close()
    await server.stop(limits.shutdownSecondsMax * 1000)
  } finally {
    signal.forget()
    await close()
  }
  return EXIT.ok
}

/** Nothing that is kept goes with what keeps nothing. */
function checkMemory({
  directory,
  metadata,
  backend,
}: Pick<ServeOptions, 'directory' | 'backend'> & { readonly metadata: string | undefined }): void {
  if (directory !== null) throw new Error('--memory keeps nothing, so it goes without a directory. Leave one of them out.')
  if (metadata !== undefined) throw new Error('--memory keeps no bytes, so no metadata may outlive them either. Leave --metadata out.')
  if (backend !== undefined)
    throw new Error('--memory keeps no metadata, and nobody would find bytes that outlive it. Leave --backend out.')
}

async function rootCredentialsFor(
  directory: string | null,
  context: CliContext,
): Promise<{ accessKeyId: string; secretAccessKey: string }> {
  if (directory !== null) await makeDataDirectory(directory)
  return rootCredentials(context.env, directory)
}

/** A server without a control socket serves; only commands must wait for its end. */
async function openControl(
  directory: string | null,
  { administration, log }: { readonly administration: Administration; readonly log: Logger },
): Promise<ControlServer | null> {
  if (directory === null) return null
  try {
    return await listenForControl(directory, administration)
  } catch (error) {
    log.warn(
      { err: error },
      'there is no control socket: stowage buckets, stat, fsck, keys, projects and tokens will not work while this server runs',
    )
    return null
  }
}

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

/** What becomes of credentials. */
const AUDITED = /^(?:access-key|project|opaque-key|r2-token|token-secrets|sts)\./

/** Faults of ours are worth a line, what becomes of keys, and what goes wrong in the background; what clients do is not. */
function eventsTo(log: Logger): Observer {
  return {
    event(name, fields) {
      if (name === 'fault') log.error({ requestId: fields['requestId'], err: fields['error'] }, 'a request failed, and it was our fault')
      else if (AUDITED.test(name)) log.info(fields, name)
      else if (name === 'job.failed') log.warn({ job: fields['job'], err: fields['error'] }, 'a job failed, it will be tried again')
      else if (name === 'job.taken-over' || name === 'job.lost') log.info(fields, name)
    },
  }
}
