import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fsBackend } from '@stowage/backend-fs'
import { accountCaller, openEngine, ownersOnly } from '@stowage/core'
import { sqliteMetadata } from '@stowage/core/sqlite'

/* What most programs want: names in one SQLite file, bytes in plain files beside it, both surviving a power cut. */

const directory = await mkdtemp(join(tmpdir(), 'stowage-example-'))
process.chdir(directory)
await writeFile('cat.jpg', Buffer.alloc(1_000_000, 'meow'))

// #region readme
const engine = await openEngine({
  metadata: sqliteMetadata({ file: join(directory, 'metadata.sqlite') }),
  backend: fsBackend({ directory }),
  policy: ownersOnly(),
  background: { garbageEverySeconds: 30 },
})
const session = engine.as(accountCaller('me'))
await session.createBucket({ bucket: { name: 'photos' } })
await session.putObject({ bucket: { name: 'photos' }, key: '2026/cat.jpg', body: createReadStream('cat.jpg') })
// #endregion
await engine.close()

// The next run of a program, or another release of it, finds everything.
const again = await openEngine({
  metadata: sqliteMetadata({ file: join(directory, 'metadata.sqlite') }),
  backend: fsBackend({ directory }),
  policy: ownersOnly(),
})
const { info } = await again.as(accountCaller('me')).headObject({ bucket: { name: 'photos' }, key: '2026/cat.jpg' })
console.log(`${info.key}: ${info.size} bytes, ETag ${info.etag}`)
await again.close()
await rm(directory, { recursive: true })
