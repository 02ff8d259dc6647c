import { resolve } from 'node:path'
import { behindProxies } from '@stowage/http'
import type { Jurisdiction } from '@stowage/s3-protocol'
import type { Logger } from 'pino'
import type { RootCredentials } from '../stores/root-credentials.ts'
import type { CliContext } from './cli-context.ts'
import { EXIT } from './cli-context.ts'
import { NO_CONFIG, readConfigFile } from '../serving/config-file.ts'
import { completeLimits } from '../serving/limits.ts'
import { listenForControl } from '../administration/control-server.ts'
import type { ControlServer } from '../administration/control-server.ts'
import type { LogLevel } from '../serving/log-level.ts'
import { metadataFromEnvironment } from '../stores/stores.ts'
import { readyBox, tenantsBox } from './ready-box.ts'
import { readTls } from '../serving/read-tls.ts'
import { serverLog } from '../serving/server-log.ts'
import { startServer } from '../serving/start-server.ts'
import { eventsTo } from './served.ts'
import type { Served } from './served.ts'
import { openStore } from './served-store.ts'
import { openTenants } from './served-tenants.ts'
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
  /** Serves many tenants, each with buckets, keys and policies of its own. */
  readonly tenants?: boolean
  /** Below this host name are those of the tenants. */
  readonly tenantDomain?: string
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

/** Serves S3 until SIGINT or SIGTERM; then finishes the requests under way and closes the database last. */
export async function serveCommand(options: ServeOptions, context: CliContext): Promise<number> {
  const metadata = options.metadata ?? metadataFromEnvironment(context.env)
  if (options.memory === true) checkMemory({ ...options, metadata })
  const signal = untilSignal(context.process)
  const config = options.config === undefined ? NO_CONFIG : await readConfigFile(options.config)
  const limits = completeLimits(config.limits)
  const log = serverLog(context.stderr, options.logLevel)
  const tls = await readTls(options.tlsCert, options.tlsKey)
  const directory = options.directory === null ? null : resolve(options.directory)
  const open = options.tenants === true ? openTenants : openStore
  const served = await open({ options, context, directory, metadata, accounts: config.accounts, limits, observer: eventsTo(log) })
  try {
    let stopping = false
    const isReady = async (): Promise<boolean> => !stopping && (await served.isServing())
    const handler = behindProxies(withHealth(withRequestLog(served.handler, log), { isReady }), options.trustedProxy)
    const server = await startServer(handler, {
      host: options.host,
      port: options.port,
      tls,
      limits,
      onFault: (error) => log.error({ err: error }, 'an answer could not be sent, and it was our fault'),
    })
    const control = await openControl(directory, { ...served, log })
    const endWork = served.work(log)
    const ready = { endpoint: server.endpoint, region: options.region, ...served.credentials }
    context.stdout.write(options.json === true ? `${JSON.stringify(ready)}\n` : boxOf(ready, directory))
    await signal.received
    if (options.json !== true) context.stderr.write('stowage: finishing the requests under way …\n')
    stopping = true
    await endWork()
    await control?.close()
    await server.stop(limits.shutdownSecondsMax * 1000)
  } finally {
    signal.forget()
    await served.close()
  }
  return EXIT.ok
}

function boxOf(ready: { readonly endpoint: string; readonly region: string } & Partial<RootCredentials>, directory: string | null): string {
  const { accessKeyId, secretAccessKey } = ready
  if (accessKeyId !== undefined && secretAccessKey !== undefined) return readyBox({ ...ready, accessKeyId, secretAccessKey }, directory)
  return tenantsBox(ready, directory ?? '')
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

/** A server without a control socket serves; only commands must wait for its end. */
async function openControl(
  directory: string | null,
  { administration, tenants, log }: Pick<Served, 'administration' | 'tenants'> & { readonly log: Logger },
): Promise<ControlServer | null> {
  if (directory === null) return null
  try {
    return await listenForControl(directory, administration, tenants)
  } catch (error) {
    log.warn(
      { err: error },
      'there is no control socket: stowage buckets, stat, fsck, keys, projects, tokens and tenants will not work while this server runs',
    )
    return null
  }
}
