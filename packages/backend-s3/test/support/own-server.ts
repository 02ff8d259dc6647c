import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { accountCaller, openEngine, ownersOnly } from '@stowage/core'
import type { Engine } from '@stowage/core'
import { memoryBackend } from '@stowage/core/backend'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { attach } from '@stowage/http'
import { s3Handler } from '@stowage/s3-protocol'
import type { S3BackendOptions } from '../../src/index.ts'

const CREDENTIALS = { accessKeyId: 'AKEXAMPLE', secretAccessKey: 'not much of a secret' }

/** Our own S3 over memory, in the process of the test. */
export interface OwnServer {
  /** `http://127.0.0.1:PORT`; `https:` under TLS. */
  readonly endpoint: string
  /** What a backend needs to use it; add a prefix. */
  readonly options: S3BackendOptions
  readonly engine: Engine
  stop(): Promise<void>
}

/** How it is started. */
export interface OwnServerOptions {
  /** In PEM. Default: no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Sees every request before it is served. */
  readonly onRequest?: (request: IncomingMessage) => void
}

/** Starts it, with the bucket `blobs`. */
export async function startOwnServer({ tls, onRequest }: OwnServerOptions = {}): Promise<OwnServer> {
  const engine = await openEngine({ metadata: sqliteMetadata({ temporary: true }), backend: memoryBackend(), policy: ownersOnly() })
  const me = accountCaller('me', CREDENTIALS.accessKeyId)
  await engine.as(me).createBucket({ bucket: { name: 'blobs' } })
  const key = { id: CREDENTIALS.accessKeyId, version: '1', secretAccessKey: CREDENTIALS.secretAccessKey, caller: me }
  const limits = { requestTimeout: 0, keepAliveTimeout: 60_000 }
  const server = tls === undefined ? createServer(limits) : createTlsServer({ ...limits, ...tls })
  if (onRequest !== undefined) server.on('request', onRequest)
  attach(server, s3Handler({ engine, region: 'us-east-1', credentials: { find: (id) => (id === key.id ? key : null) } }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    endpoint,
    // The process of the test is server and client: connecting may have to wait for both.
    options: { bucket: 'blobs', endpoint, region: 'us-east-1', credentials: CREDENTIALS, connectTimeoutSeconds: 60 },
    engine,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await engine.close()
    },
  }
}
