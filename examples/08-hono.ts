import type { AddressInfo } from 'node:net'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { serve } from '@hono/node-server'
import type { HttpBindings } from '@hono/node-server'
import { accountCaller, openEngine, ownersOnly } from '@stowage/core'
import { memoryBackend } from '@stowage/core/backend'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { toFetchHandler } from '@stowage/http'
import { s3Handler } from '@stowage/s3-protocol'
import { Hono } from 'hono'

/* S3 in a Hono app, over Fetch. */

const engine = await openEngine({ metadata: sqliteMetadata({ temporary: true }), backend: memoryBackend(), policy: ownersOnly() })
const me = accountCaller('me', 'AKEXAMPLE')
await engine.as(me).createBucket({ bucket: { name: 'photos' } })
const key = { id: 'AKEXAMPLE', version: '1', secretAccessKey: 'not much of a secret', caller: me }
const s3 = s3Handler({ engine, region: 'us-east-1', credentials: { find: (id) => (id === key.id ? key : null) } })

const app = new Hono<{ Bindings: HttpBindings }>()
const mounted = toFetchHandler(s3, { mount: '/storage/v1/s3' })
// The target as it came: Fetch takes dots and backslashes out of URLs, and keys may have them.
app.all('/storage/v1/s3/*', (context) => mounted(context.req.raw, { target: context.env.incoming.url ?? '/' }))
app.get('/', (context) => context.json({ app: 'mine' }))

const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0, serverOptions: { requestTimeout: 0 } })
await new Promise((resolve) => server.once('listening', resolve))
const { port } = server.address() as AddressInfo

const client = new S3Client({
  endpoint: `http://127.0.0.1:${port}/storage/v1/s3`,
  region: 'us-east-1',
  forcePathStyle: true,
  credentials: { accessKeyId: 'AKEXAMPLE', secretAccessKey: 'not much of a secret' },
})
await client.send(
  new PutObjectCommand({ Bucket: 'photos', Key: 'cats/../dog.json', Body: '{"meow":true}', ContentType: 'application/json' }),
)
const { Body } = await client.send(new GetObjectCommand({ Bucket: 'photos', Key: 'cats/../dog.json' }))
console.log(`over S3: ${await Body?.transformToString()}`)
console.log(`beside it: ${await (await fetch(`http://127.0.0.1:${port}/`)).text()}`)

client.destroy()
await new Promise((resolve) => server.close(resolve))
await engine.close()
