import { expect, test } from 'vitest'
import { memoryBackend } from '../backend/memory-backend.ts'
import { sqliteMetadata } from '../metadata/sqlite/sqlite-metadata.ts'
import { allowAll } from '../policy/allow-all.ts'
import { accountCaller } from '../policy/caller.ts'
import { fsck } from './fsck.ts'
import { surveyTables } from './move/survey-tables.ts'
import { openEngine } from './open-engine.ts'

/** How often others have their turn while something runs. */
async function turnsDuring(run: () => Promise<unknown>): Promise<number> {
  let turns = 0
  let isRunning = true
  const take = (): void => {
    turns += 1
    if (isRunning) setImmediate(take)
  }
  setImmediate(take)
  await run().finally(() => (isRunning = false))
  return turns
}

const OBJECTS = 1_500

test('whoever walks over all rows of an embedded store lets others have a turn between its pages', async () => {
  const metadata = sqliteMetadata({ temporary: true, worker: 'inline' })
  const backend = memoryBackend()
  const engine = await openEngine({ metadata, backend, policy: allowAll() })
  const session = engine.as(accountCaller('owner'))
  await session.createBucket({ bucket: { name: 'photos' } })
  const body = Buffer.from('inline')
  for (let at = 0; at < OBJECTS; at += 1) await session.putObject({ bucket: { name: 'photos' }, key: `k${at}`, body })
  // A page has 256 manifests, or 500 rows, and few at first.
  const check = { metadata, backends: { main: backend }, opened: true, deep: true, findingsMax: 0 } as const
  expect(await turnsDuring(() => fsck(check))).toBeGreaterThanOrEqual(2 * Math.floor(OBJECTS / 256))
  const { copying } = metadata
  expect(await turnsDuring(() => surveyTables(copying, ['objects'], {}))).toBeGreaterThanOrEqual(Math.floor(OBJECTS / 500) + 2)
  await engine.close()
})
