import { s3Backend } from '@stowage/backend-s3'
import { accountCaller, openEngine, ownersOnly } from '@stowage/core'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { startTestServer } from 'stowage/testing'

/* Names in SQLite here, bytes in a bucket somewhere else. Here the bucket is one of ours; it may be anybody's who speaks S3. */

const somewhere = await startTestServer({ buckets: ['blobs'] })

const backend = s3Backend({
  bucket: 'blobs',
  prefix: 'photos',
  endpoint: somewhere.endpoint,
  region: somewhere.region,
  // Without these two: what the vendor's client finds, in the environment or on the machine.
  credentials: { accessKeyId: somewhere.accessKeyId, secretAccessKey: somewhere.secretAccessKey },
  partSize: 5 * 1024 ** 2,
})
const engine = await openEngine({ metadata: sqliteMetadata({ temporary: true }), backend, policy: ownersOnly() })
const session = engine.as(accountCaller('me'))
await session.createBucket({ bucket: { name: 'photos' } })

// Three parts of an upload there, one object here, in memory for five parts at most.
const info = await session.putObject({ bucket: { name: 'photos' }, key: 'cat.jpg', body: Buffer.alloc(12_000_000, 'meow') })
console.log(`${info.key}: ${info.size} bytes`)

let blobs = 0
for await (const { size } of backend.list({ prefix: '' })) {
  blobs += 1
  console.log(`in the bucket: a blob of ${size} bytes`)
}
console.log(`${blobs} of them`)

await engine.close()
await somewhere.stop()
