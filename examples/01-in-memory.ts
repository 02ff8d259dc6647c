import { text } from 'node:stream/consumers'
import { accountCaller, openEngine, ownersOnly } from '@stowage/core'
import { memoryBackend } from '@stowage/core/backend'
import { sqliteMetadata } from '@stowage/core/sqlite'

/* The smallest Stowage, for tests and for trying things out: nothing of it is left when it ends. */

const engine = await openEngine({ metadata: sqliteMetadata({ temporary: true }), backend: memoryBackend(), policy: ownersOnly() })
const session = engine.as(accountCaller('me'))
const bucket = { name: 'notes' }

await session.createBucket({ bucket })
await session.putObject({ bucket, key: 'hello.txt', body: Buffer.from('Hello, Stowage'), headers: { contentType: 'text/plain' } })

const object = await session.getObject({ bucket, key: 'hello.txt' })
console.log(`${object.info.headers.contentType}, ${object.length} bytes: ${await text(await object.open())}`)

const { objects } = await session.listObjects({ bucket })
console.log(`in the bucket: ${objects.map(({ key }) => key).join(', ')}`)

await engine.close()
