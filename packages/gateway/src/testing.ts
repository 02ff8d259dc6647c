import { accountCaller } from '@stowage/core'
import type { Observer } from '@stowage/core'
import { assemble } from './serving/assemble.ts'
import { ROOT_ACCOUNT } from './stores/root-credentials.ts'
import type { Assembled } from './serving/assemble.ts'
import { startServer } from './serving/start-server.ts'

/** How a test's server is set up. */
export interface TestServerOptions {
  /** Buckets that are there from the start, and again after each reset. Default: none. */
  readonly buckets?: readonly string[]
  /** Default us-east-1. */
  readonly region?: string
  /** Default: a free one. */
  readonly port?: number
  /** Of the one account. Default `test`. */
  readonly accessKeyId?: string
  /** Its secret. Default `test-secret`. */
  readonly secretAccessKey?: string
}

/** An S3 server in the process of a test, on 127.0.0.1. It keeps everything in memory, and in a temporary file that goes with it. */
export interface TestServer {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** What `new S3Client(…)` of the AWS SDK needs to use it. */
  readonly clientConfig: TestClientConfig
  /** Empties it: no object and no upload is left, and of the buckets those that it began with. Requests under way fail, or belong to before. */
  reset(): Promise<void>
  /** Closes connections and gives everything back. Calling it twice is fine. */
  stop(): Promise<void>
  /** The same, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** The part of the SDK's configuration that says where a server is. */
export interface TestClientConfig {
  readonly endpoint: string
  readonly region: string
  readonly forcePathStyle: true
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

const KNOWN: ReadonlySet<string> = new Set(['buckets', 'region', 'port', 'accessKeyId', 'secretAccessKey'])

/** Starts a real S3 server for a test suite: the engine, the door and the checks that `stowage serve` has. Throws for an option nobody knows. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  for (const name of Object.keys(options)) if (!KNOWN.has(name)) throw new TypeError(`startTestServer: unknown option '${name}'`)
  const { buckets = [], region = 'us-east-1', port = 0, accessKeyId = 'test', secretAccessKey = 'test-secret' } = options
  const faults: unknown[] = []
  const observer: Observer = { event: (name, { error }) => void (name === 'fault' && faults.push(error)) }
  const begin = async (): Promise<Assembled> => {
    const assembled = await assemble({
      directory: null,
      onThisThread: true,
      region,
      credentials: { accessKeyId, secretAccessKey },
      observer,
    })
    try {
      const session = assembled.engine.as(accountCaller(ROOT_ACCOUNT), { operation: 'CreateBucket' })
      for (const name of buckets) await session.createBucket({ bucket: { name } })
      return assembled
    } catch (error) {
      await assembled.close()
      throw error
    }
  }
  let current = await begin()
  const server = await startServer((request) => current.handler(request), { host: '127.0.0.1', port }).catch(async (error: unknown) => {
    await current.close()
    throw error
  })
  // One after the other: two at once would each begin a store, and one of them would never be closed.
  let resets = Promise.resolve()
  const reset = async (): Promise<void> => {
    if (stopped !== null) throw new Error('The test server is stopped.')
    const before = current
    current = await begin()
    await before.close()
  }
  let stopped: Promise<void> | null = null
  const stop = async (): Promise<void> => {
    await server.stop(0)
    await resets.catch(() => undefined)
    await current.close()
    // A fault of ours is not what a test is about: it must not pass for an answer.
    if (faults.length > 0) throw new AggregateError(faults, 'The test server failed at a request, and it was its own fault.')
  }
  const stopOnce = (): Promise<void> => (stopped ??= stop())
  return {
    endpoint: server.endpoint,
    region,
    accessKeyId,
    secretAccessKey,
    clientConfig: { endpoint: server.endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } },
    reset() {
      resets = resets.catch(() => undefined).then(reset)
      return resets
    },
    stop: stopOnce,
    [Symbol.asyncDispose]: stopOnce,
  }
}
