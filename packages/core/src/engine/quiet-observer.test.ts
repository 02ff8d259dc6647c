import { expect, test } from 'vitest'
import { memoryBackend } from '../backend/memory-backend.ts'
import { sqliteMetadata } from '../metadata/sqlite/index.ts'
import { allowAll } from '../policy/allow-all.ts'
import { accountCaller } from '../policy/caller.ts'
import { openEngine } from './open-engine.ts'

test('an observer that throws disturbs nothing', async () => {
  const heard: string[] = []
  const observer = {
    event: (name: string): void => {
      heard.push(name)
      throw new Error('the log is full')
    },
  }
  const metadata = sqliteMetadata({ temporary: true, worker: 'inline', clock: () => new Date(later) })
  let later = 0
  const engine = await openEngine({ metadata, backend: memoryBackend(), policy: allowAll(), observer, limits: { inlineSizeMax: 0 } })
  const session = engine.as(accountCaller('ann'))
  const bucket = { name: 'bucket' }
  await session.createBucket({ bucket })
  await session.putObject({ bucket, key: 'k', body: Buffer.from('bytes') })
  await session.deleteObject({ bucket, key: 'k' })
  later = 3_600_000
  expect(await engine.collectGarbage()).toMatchObject({ blobs: 1 })
  expect(heard).toContain('garbage.deleted')
  await engine.close()
})
