import { resolve } from 'node:path'
import { accountCaller } from '@stowage/core'
import type { Engine, Observer } from '@stowage/core'
import { isStorageError } from '@stowage/core'
import type { Logger } from 'pino'
import { assemble, makeDataDirectory, ROOT_ACCOUNT } from './assemble.ts'
import type { CliContext } from './cli-context.ts'
import { EXIT } from './cli-context.ts'
import { NO_CONFIG, readConfigFile } from './config-file.ts'
import { completeLimits } from './limits.ts'
import type { LogLevel } from './log-level.ts'
import { readyBox } from './ready-box.ts'
import { readTls } from './read-tls.ts'
import { rootCredentials } from './root-credentials.ts'
import { serverLog } from './server-log.ts'
import { startServer } from './start-server.ts'
import { untilSignal } from './until-signal.ts'
import { withHealth } from './with-health.ts'
import { withRequestLog } from './with-request-log.ts'

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

const COLLECT_EVERY_MS = 30_000

/** Serves S3 until SIGINT or SIGTERM; then finishes the requests under way and closes the database last. */
export async function serveCommand(options: ServeOptions, context: CliContext): Promise<number> {
  if (options.memory === true && options.directory !== null) {
    throw new Error('--memory keeps nothing, so it goes without a directory. Leave one of them out.')
  }
  const signal = untilSignal(context.process)
  const { accounts, limits: given } = options.config === undefined ? NO_CONFIG : await readConfigFile(options.config)
  const limits = completeLimits(given)
  const log = serverLog(context.stderr, options.logLevel)
  const tls = await readTls(options.tlsCert, options.tlsKey)
  const directory = options.directory === null ? null : resolve(options.directory)
  const credentials = await rootCredentialsFor(directory, context)
  const { engine, handler } = await assemble({
    directory,
    credentials,
    accounts,
    region: options.region,
    domains: options.domain,
    bodySizeMax: limits.bodySizeMax,
    observer: faultsTo(log),
  })
  try {
    await makeBuckets(engine, options.bucket)
    let stopping = false
    const isReady = async (): Promise<boolean> => !stopping && (await isServing(engine))
    const server = await startServer(withHealth(withRequestLog(handler, log), { isReady }), {
      host: options.host,
      port: options.port,
      tls,
      limits,
      onFault: (error) => log.error({ err: error }, 'an answer could not be sent, and it was our fault'),
    })
    const collector = collectInBackground(engine, log)
    const ready = { endpoint: server.endpoint, region: options.region, ...credentials }
    context.stdout.write(options.json === true ? `${JSON.stringify(ready)}\n` : readyBox(ready, directory))
    await signal.received
    if (options.json !== true) context.stderr.write('stowage: finishing the requests under way …\n')
    stopping = true
    clearInterval(collector)
    await server.stop(limits.shutdownSecondsMax * 1000)
  } finally {
    signal.forget()
    await engine.close()
  }
  return EXIT.ok
}

async function rootCredentialsFor(
  directory: string | null,
  context: CliContext,
): Promise<{ accessKeyId: string; secretAccessKey: string }> {
  if (directory !== null) await makeDataDirectory(directory)
  return rootCredentials(context.env, directory)
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

function collectInBackground(engine: Engine, log: Logger): NodeJS.Timeout {
  const collect = (): void => {
    engine.collectGarbage().catch((error: unknown) => log.warn({ err: error }, 'garbage was not collected, it will be tried again'))
  }
  return setInterval(collect, COLLECT_EVERY_MS).unref()
}

/** Faults of ours are worth a line; what clients do is not. */
function faultsTo(log: Logger): Observer {
  return {
    event(name, fields) {
      if (name === 'fault') log.error({ requestId: fields['requestId'], err: fields['error'] }, 'a request failed, and it was our fault')
    },
  }
}
