import { expect, test } from 'vitest'
import { joinWatch } from '../../../test/support/join-watch.ts'
import { memoryBackend } from '../../backend/memory-backend.ts'
import { without } from '../../backend/without-facets.ts'
import { sqliteMetadata } from '../../metadata/sqlite/index.ts'
import type { EngineContext } from '../context.ts'
import { BackgroundJoins } from './background-joins.ts'
import { DEFAULT_JOIN_RULES } from './join-policy.ts'

const placeOf = (sequence: number) => ({ bucketId: 'b', key: `k${sequence}`, sequence })

test('so many wait, one after the other is looked at, and further ones are left as they are', async () => {
  const metadata = sqliteMetadata({ temporary: true, worker: 'inline' })
  await metadata.open()
  const backend = memoryBackend()
  // As much of an engine as looking at versions that are gone needs.
  const engine = { backend, metadata } as unknown as EngineContext
  const watch = joinWatch()
  const { observer, events } = watch
  const joins = new BackgroundJoins({ rules: DEFAULT_JOIN_RULES, observer })
  for (let at = 0; at < 1_010; at += 1) joins.consider(engine, placeOf(at))
  expect(events).not.toContain('join.ended')
  await watch.idle()
  const count = (name: string): number => events.filter((event) => event === name).length
  expect([count('join.queued'), count('join.ended'), count('join.skipped'), count('join.failed')]).toEqual([1_000, 1_000, 10, 0])
  // There is room again.
  joins.consider(engine, placeOf(1))
  await watch.idle()
  expect(count('join.ended')).toBe(1_001)
  joins.consider({ ...engine, backend: without(backend, 'joining') }, placeOf(2))
  expect(count('join.queued')).toBe(1_001)
  await joins.close()
  await joins.close()
  joins.consider(engine, placeOf(3))
  expect(count('join.queued')).toBe(1_001)
  await metadata.close()
})

test('an engine that does not join takes note of nothing', async () => {
  const { observer, events } = joinWatch()
  const joins = new BackgroundJoins({ rules: null, observer })
  joins.consider({ backend: memoryBackend() } as unknown as EngineContext, placeOf(1))
  await joins.close()
  expect(events).toEqual([])
})
