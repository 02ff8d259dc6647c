import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Engine, Policy, Rule, Session, StorageErrorCode } from '@stowage/core'
import { accountCaller, isStorageError, openEngine, rules } from '@stowage/core'
import { memoryBackend } from '@stowage/core/backend'
import type { Backend } from '@stowage/core/backend'
import { postgresMetadata } from '@stowage/core/postgres'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { attach, toFetchHandler, toNodeHandler } from '@stowage/http'
import type { FetchHandler, HttpHandler } from '@stowage/http'
import { s3Handler } from '@stowage/s3-protocol'
import type { CredentialResolver } from '@stowage/s3-protocol'

/* Compiled, never run: what users write, with the types they name. */

export async function open(pool: Parameters<typeof postgresMetadata>[0]['pool'] | null): Promise<Engine> {
  const allowed: readonly Rule[] = []
  const policy: Policy = rules(allowed)
  const backend: Backend = memoryBackend()
  const metadata = pool === null ? sqliteMetadata({ temporary: true, worker: 'inline' }) : postgresMetadata({ pool })
  return openEngine({ metadata, backend, policy })
}

export function mount(engine: Engine): void {
  const credentials: CredentialResolver = { find: () => null }
  const handler: HttpHandler = s3Handler({ engine, region: 'us-east-1', credentials })
  const server = createServer()
  attach(server, handler)
  const listener: (request: IncomingMessage, response: ServerResponse & { req: IncomingMessage }) => void = toNodeHandler(handler, {
    mount: '/storage/v1/s3',
  })
  const onFetch: FetchHandler = toFetchHandler(handler, { mount: '/storage/v1/s3' })
  const answered: Promise<Response> = onFetch(new Request('http://localhost/storage/v1/s3'))
  void [listener, answered]
}

export async function size(engine: Engine): Promise<number | StorageErrorCode> {
  const session: Session = engine.as(accountCaller('me'))
  try {
    return (await session.headObject({ bucket: { name: 'photos' }, key: 'cat.jpg' })).info.size
  } catch (error) {
    if (isStorageError(error)) return error.code
    throw error
  }
}
