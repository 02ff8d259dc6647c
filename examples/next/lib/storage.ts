import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fsBackend } from '@stowage/backend-fs'
import { accountCaller, openEngine, ownersOnly } from '@stowage/core'
import { sqliteMetadata } from '@stowage/core/sqlite'
import type { HttpHandler } from '@stowage/http'
import { s3Handler } from '@stowage/s3-protocol'

async function open(): Promise<HttpHandler> {
  const { STORAGE_DIRECTORY = 'stowage-data', ACCESS_KEY_ID: id = 'AKEXAMPLE', SECRET_ACCESS_KEY = 'not much of a secret' } = process.env
  const directory = resolve(STORAGE_DIRECTORY)
  await mkdir(directory, { recursive: true })
  const engine = await openEngine({
    metadata: sqliteMetadata({ file: resolve(directory, 'metadata.sqlite') }),
    backend: fsBackend({ directory }),
    policy: ownersOnly(),
    background: { garbageEverySeconds: 30 },
  })
  const credential = { id, version: '1', secretAccessKey: SECRET_ACCESS_KEY, caller: accountCaller('me', id) }
  return s3Handler({ engine, region: 'us-east-1', credentials: { find: (asked) => (asked === id ? credential : null) } })
}

declare global {
  /** A directory has one owner, and Next may load this module once for each route. */
  var stowage: Promise<HttpHandler> | undefined
}

/** S3 over an engine that the first request opens: `next build` imports this too, in several processes. */
export const storage: HttpHandler = async (request) => {
  globalThis.stowage ??= open()
  return (await globalThis.stowage)(request)
}
