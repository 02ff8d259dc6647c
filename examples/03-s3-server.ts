import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { accountCaller, openEngine, ownersOnly } from '@stowage/core'
import { memoryBackend } from '@stowage/core/backend'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { attach } from '@stowage/http'
import { s3Handler } from '@stowage/s3-protocol'

/* S3 inside your own program: the engine is yours, and so are the server, the credentials and what else it answers. */

const engine = await openEngine({ metadata: sqliteMetadata({ temporary: true }), backend: memoryBackend(), policy: ownersOnly() })
const me = accountCaller('me', 'AKEXAMPLE')
await engine.as(me).createBucket({ bucket: { name: 'photos' } })

// Where the secrets are kept is up to you: `find` may ask a database. `version` changes when a secret does.
const keys = new Map([['AKEXAMPLE', { id: 'AKEXAMPLE', version: '1', secretAccessKey: 'not much of a secret', caller: me }]])
const handler = s3Handler({ engine, region: 'us-east-1', credentials: { find: (id) => keys.get(id) ?? null } })

const server = createServer({ requestTimeout: 0 })
attach(server, handler)
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as AddressInfo

const client = new S3Client({
  endpoint: `http://127.0.0.1:${port}`,
  region: 'us-east-1',
  forcePathStyle: true,
  credentials: { accessKeyId: 'AKEXAMPLE', secretAccessKey: 'not much of a secret' },
})
await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'cat.txt', Body: 'meow' }))
const { Body, ETag } = await client.send(new GetObjectCommand({ Bucket: 'photos', Key: 'cat.txt' }))
console.log(`over S3: ${await Body?.transformToString()}, ETag ${ETag}`)

// The same object, without S3.
const { info } = await engine.as(me).headObject({ bucket: { name: 'photos' }, key: 'cat.txt' })
console.log(`by the engine: ${info.size} bytes, ETag ${info.etag}`)

client.destroy()
await new Promise((resolve) => server.close(resolve))
await engine.close()
