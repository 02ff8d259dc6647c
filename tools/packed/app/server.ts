import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { fsBackend } from '@stowage/backend-fs'
import { accountCaller, openEngine, ownersOnly } from '@stowage/core'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { attach } from '@stowage/http'
import { s3Handler } from '@stowage/s3-protocol'

/*
 * A program that embeds the packages: `server.ts DIRECTORY [inline]`. Uses the engine itself, then serves S3 until SIGTERM. It is run
 * as it is, and as a bundle; the second argument keeps SQLite on the main thread, for a bundle of one file.
 */
const [directory = '.', worker] = process.argv.slice(2)
const engine = await openEngine({
  metadata: sqliteMetadata({ file: join(directory, 'metadata.sqlite'), ...(worker === 'inline' ? { worker } : {}) }),
  backend: fsBackend({ directory }),
  policy: ownersOnly(),
})
const me = accountCaller('me', 'AKEXAMPLE')
const session = engine.as(me)
await session.createBucket({ bucket: { name: 'by-the-engine' } })
for (const size of [10, 3 * 1024 ** 2]) {
  const bytes = Buffer.alloc(size, 'meow')
  await session.putObject({ bucket: { name: 'by-the-engine' }, key: `${size}`, body: bytes })
  const opened = await session.getObject({ bucket: { name: 'by-the-engine' }, key: `${size}` })
  assert.ok(bytes.equals(opened.bytes ?? (await buffer(await opened.open()))))
  opened.close()
}

const credential = { id: 'AKEXAMPLE', version: '1', secretAccessKey: 'not much of a secret', caller: me }
const handler = s3Handler({ engine, region: 'us-east-1', credentials: { find: (id) => (id === credential.id ? credential : null) } })
const server = createServer({ requestTimeout: 0 })
attach(server, handler)
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const address = server.address()
assert.ok(typeof address === 'object' && address !== null)
const { id: accessKeyId, secretAccessKey } = credential
console.log(JSON.stringify({ endpoint: `http://127.0.0.1:${address.port}`, region: 'us-east-1', accessKeyId, secretAccessKey }))
await once(process, 'SIGTERM')
server.closeAllConnections()
server.close()
await engine.close()
