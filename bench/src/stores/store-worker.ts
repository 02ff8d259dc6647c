import { join } from 'node:path'
import { fsBackend } from '@stowage/backend-fs'
import { accountCaller, openEngine, ownersOnly } from '@stowage/core'
import type { Engine, MetadataStore, Observer } from '@stowage/core'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { s3Handler } from '@stowage/s3-protocol'
import type { Pool } from 'pg'
import { assemble, startServer } from 'stowage'
import type { Assembled, RunningServer } from 'stowage'
import { answerCommands } from '../processes/channel.ts'
import { EngineLoad } from './engine-load.ts'
import type { StoreCommands, StoreOptions } from './store-options.ts'
import { ThreadProfiler } from './thread-profiler.ts'

/** The account that the gateway gives to its one pair of credentials. */
const ACCOUNT = 'root'
const POOL_SIZE = 16

interface Open {
  readonly engine: Engine
  readonly load: EngineLoad
  readonly server: RunningServer
  readonly pool: Pool | null
}

let opened: Open | null = null
let profiler: ThreadProfiler | null = null

const observer: Observer = {
  event: (name, { error }) => {
    if (name === 'fault') console.error(error)
  },
}

async function open(options: StoreOptions): Promise<{ readonly endpoint: string }> {
  const pool = options.postgres === null ? null : await poolOf(options.postgres)
  const { engine, handler } = await assembleAs(options, pool)
  const server = await startServer(handler, { host: '127.0.0.1', port: 0 })
  opened = { engine, load: new EngineLoad(engine, ACCOUNT), server, pool }
  return { endpoint: server.endpoint }
}

/** What `stowage serve` puts together, where that can be had; otherwise the same parts over the other store, or with other limits. */
async function assembleAs(options: StoreOptions, pool: Pool | null): Promise<Pick<Assembled, 'engine' | 'handler'>> {
  const { accessKeyId, secretAccessKey, region, directory, limits } = options
  if (pool === null && Object.keys(limits).length === 0) {
    return assemble({ directory, region, observer, credentials: { accessKeyId, secretAccessKey } })
  }
  if (pool === null) return assembleOver(sqliteMetadata({ file: join(directory, 'metadata.sqlite') }), options)
  const { postgresMetadata } = await import('@stowage/core/postgres')
  return assembleOver(postgresMetadata({ pool, ...(options.postgres === null ? {} : { schema: options.postgres.schema }) }), options)
}

async function assembleOver(metadata: MetadataStore, options: StoreOptions): Promise<Pick<Assembled, 'engine' | 'handler'>> {
  const { accessKeyId, secretAccessKey, region, directory, limits } = options
  const engine = await openEngine({ metadata, backend: fsBackend({ directory }), policy: ownersOnly(), limits, observer })
  const credential = { id: accessKeyId, version: '1', secretAccessKey, caller: accountCaller(ACCOUNT, accessKeyId) }
  const find = (id: string): typeof credential | null => (id === accessKeyId ? credential : null)
  return { engine, handler: s3Handler({ engine, region, credentials: { find }, observer }) }
}

/** Loaded where it is used: a server on SQLite must not be charged for the memory of its code. */
async function poolOf({ port, password }: NonNullable<StoreOptions['postgres']>): Promise<Pool> {
  const { Pool } = await import('pg')
  const pool = new Pool({ host: '127.0.0.1', port, user: 'postgres', password, database: 'postgres', max: POOL_SIZE })
  pool.on('error', (error) => console.error(error))
  return pool
}

function current(): Open {
  if (opened === null) throw new Error('No engine is open.')
  return opened
}

async function close(): Promise<void> {
  if (opened === null) return
  await opened.server.stop(1000)
  await opened.engine.close()
  await opened.pool?.end()
}

answerCommands<StoreCommands>(
  {
    open,
    createBucket: async ({ bucket }) => {
      const session = current().engine.as(accountCaller(ACCOUNT, 'bench'), { operation: 'CreateBucket' })
      await session.createBucket({ bucket: { name: bucket } })
    },
    engineRun: (run) => current().load.run(run),
    engineMultipart: (run) => current().load.multipart(run),
    startProfile: async () => {
      profiler = new ThreadProfiler()
      await profiler.start()
    },
    stopProfile: async () => (await profiler?.stop()) ?? [],
    collect: () => globalThis.gc?.(),
  },
  close,
)
