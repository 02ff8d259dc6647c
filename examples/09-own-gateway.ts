import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { accountCaller, openEngine, ownersOnly } from '@stowage/core'
import { memoryBackend } from '@stowage/core/backend'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { attach } from '@stowage/http'
import type { HttpHandler } from '@stowage/http'
import { s3Handler } from '@stowage/s3-protocol'

/* A gateway of your own: your tenants' keys, your meter around the handler, your limits on the server. */

const engine = await openEngine({
  metadata: sqliteMetadata({ temporary: true }),
  backend: memoryBackend(),
  policy: ownersOnly(),
  limits: { putSizeMax: 1_000_000 },
})

/** Stands in for your database. What it finds is asked for on every request; `version` changes when a secret does. */
async function findKey(accessKeyId: string) {
  const tenant = accessKeyId.replace(/KEY$/, '').toLowerCase()
  if (!['ann', 'bob'].includes(tenant)) return null
  return { id: accessKeyId, version: '1', secretAccessKey: `the secret of ${tenant}`, caller: accountCaller(tenant, accessKeyId) }
}

/** A handler around a handler is all that middleware is: requests and responses are plain values. */
function metered(handler: HttpHandler, meter: (line: string) => void): HttpHandler {
  return async (request) => {
    const response = await handler(request)
    meter(`${request.method} ${request.target.split('?')[0]} ${response.status}`)
    return { ...response, headers: [...response.headers, ['server', 'my-gateway']] }
  }
}

const lines: string[] = []
const s3 = s3Handler({ engine, region: 'eu-central-1', credentials: { find: findKey } })
const server = createServer({ requestTimeout: 0, maxHeaderSize: 16_384 })
attach(
  server,
  metered(s3, (line) => lines.push(line)),
  { bodyIdleMilliseconds: 20_000 },
)
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
await engine.as(accountCaller('ann')).createBucket({ bucket: { name: 'of-ann' } })

const client = (tenant: string): S3Client => {
  const credentials = { accessKeyId: `${tenant.toUpperCase()}KEY`, secretAccessKey: `the secret of ${tenant}` }
  return new S3Client({ endpoint, region: 'eu-central-1', forcePathStyle: true, credentials })
}
const [ann, bob] = [client('ann'), client('bob')]
const why = (error: unknown): void => void lines.push(`  ${(error as Error).name}`)
await ann.send(new PutObjectCommand({ Bucket: 'of-ann', Key: 'diary.txt', Body: 'dear diary' }))
await ann.send(new PutObjectCommand({ Bucket: 'of-ann', Key: 'too-large', Body: Buffer.alloc(1_000_001) })).catch(why)
await bob.send(new GetObjectCommand({ Bucket: 'of-ann', Key: 'diary.txt' })).catch(why)
console.log(lines.join('\n'))

ann.destroy()
bob.destroy()
await new Promise((resolve) => server.close(resolve))
await engine.close()
