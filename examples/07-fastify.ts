import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { accountCaller, openEngine, ownersOnly } from '@stowage/core'
import { memoryBackend } from '@stowage/core/backend'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { toNodeHandler } from '@stowage/http'
import { s3Handler } from '@stowage/s3-protocol'
import Fastify from 'fastify'

/* S3 in a Fastify app, under a path of its own. */

const engine = await openEngine({ metadata: sqliteMetadata({ temporary: true }), backend: memoryBackend(), policy: ownersOnly() })
const me = accountCaller('me', 'AKEXAMPLE')
await engine.as(me).createBucket({ bucket: { name: 'photos' } })
const key = { id: 'AKEXAMPLE', version: '1', secretAccessKey: 'not much of a secret', caller: me }
const s3 = s3Handler({ engine, region: 'us-east-1', credentials: { find: (id) => (id === key.id ? key : null) } })

const app = Fastify({ requestTimeout: 0 })
// Fastify leaves the path as it came, so the handler is told where it stands.
const mounted = toNodeHandler(s3, { mount: '/storage/v1/s3' })
await app.register(async (scope) => {
  // In this scope nobody reads bodies but the handler.
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
  scope.all('/storage/v1/s3', (request, reply) => mounted(request.raw, reply.hijack().raw))
  scope.all('/storage/v1/s3/*', (request, reply) => mounted(request.raw, reply.hijack().raw))
})
app.get('/', () => ({ app: 'mine' }))
const address = await app.listen({ host: '127.0.0.1', port: 0 })

const client = new S3Client({
  endpoint: `${address}/storage/v1/s3`,
  region: 'us-east-1',
  forcePathStyle: true,
  credentials: { accessKeyId: 'AKEXAMPLE', secretAccessKey: 'not much of a secret' },
})
await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'cat & dog.json', Body: '{"meow":true}', ContentType: 'application/json' }))
const { Body } = await client.send(new GetObjectCommand({ Bucket: 'photos', Key: 'cat & dog.json' }))
console.log(`over S3: ${await Body?.transformToString()}`)
console.log(`beside it: ${await (await fetch(`${address}/`)).text()}`)

client.destroy()
await app.close()
await engine.close()
