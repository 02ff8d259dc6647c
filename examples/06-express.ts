import type { AddressInfo } from 'node:net'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { accountCaller, openEngine, ownersOnly } from '@stowage/core'
import { memoryBackend } from '@stowage/core/backend'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { toNodeHandler } from '@stowage/http'
import { s3Handler } from '@stowage/s3-protocol'
import express from 'express'

/* S3 in an Express app, under a path of its own. */

const engine = await openEngine({ metadata: sqliteMetadata({ temporary: true }), backend: memoryBackend(), policy: ownersOnly() })
const me = accountCaller('me', 'AKEXAMPLE')
await engine.as(me).createBucket({ bucket: { name: 'photos' } })
const key = { id: 'AKEXAMPLE', version: '1', secretAccessKey: 'not much of a secret', caller: me }
const s3 = s3Handler({ engine, region: 'us-east-1', credentials: { find: (id) => (id === key.id ? key : null) } })

const app = express()
// Ahead of body parsers: they would read what clients put.
app.use('/storage/v1/s3', toNodeHandler(s3))
app.use(express.json())
app.get('/', (_request, response) => void response.json({ app: 'mine' }))

const server = app.listen(0, '127.0.0.1')
// Node's default kills every request after five minutes, honest uploads too; a body that stands still is given up all the same.
server.requestTimeout = 0
await new Promise((resolve) => server.once('listening', resolve))
const { port } = server.address() as AddressInfo

const client = new S3Client({
  endpoint: `http://127.0.0.1:${port}/storage/v1/s3`,
  region: 'us-east-1',
  forcePathStyle: true,
  credentials: { accessKeyId: 'AKEXAMPLE', secretAccessKey: 'not much of a secret' },
})
await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'cat & dog.json', Body: '{"meow":true}', ContentType: 'application/json' }))
const { Body } = await client.send(new GetObjectCommand({ Bucket: 'photos', Key: 'cat & dog.json' }))
console.log(`over S3: ${await Body?.transformToString()}`)
console.log(`beside it: ${await (await fetch(`http://127.0.0.1:${port}/`)).text()}`)

client.destroy()
await new Promise((resolve) => server.close(resolve))
await engine.close()
