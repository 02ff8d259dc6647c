import { expect } from 'vitest'
import type { CollectedGarbage } from '../src/engine/engine.ts'
import { fsck } from '../src/engine/fsck.ts'
import type { FsckReport } from '../src/engine/fsck.ts'
import { createIds } from '../src/util/ids.ts'
import { openTestEngine } from './engine-matrix.ts'
import type { TestEngine, TestEngineOptions } from './engine-matrix.ts'
import type { TestedStore } from './stores.ts'
import { testClock } from './support/test-clock.ts'
import type { TestClock } from './support/test-clock.ts'

/** Half of grace and lease: the process is never taken for dead. */
const STEP_MS = 31_000

/** An engine whose time, and its store's, stands still until the test moves it. */
export interface ClockedEngine extends TestEngine {
  readonly time: TestClock
  /** Lets the grace pass, with a heartbeat in between, and runs the collector. */
  readonly collect: () => Promise<CollectedGarbage>
  /** Checks everything, bytes included. */
  readonly check: () => Promise<FsckReport>
  /** Lets the grace pass, collects, and expects that nothing is wrong and exactly so many blobs are left. */
  readonly expectClean: (blobs: number) => Promise<void>
}

/** Opens an engine on an empty store whose clock is set. */
export async function openClockedEngine(store: TestedStore, options: TestEngineOptions = {}): Promise<ClockedEngine> {
  const time = testClock()
  const ids = createIds({ clock: time.clock })
  // The first id that an engine makes is its process's: heartbeats need it.
  const processId = ids.uuid()
  let isFirst = true
  const uuid = (): string => {
    const id = isFirst ? processId : ids.uuid()
    isFirst = false
    return id
  }
  const open = () => store.open({ clock: time.clock })
  const test = await openTestEngine({ ...store, open }, { clock: time.clock, ids: { ...ids, uuid }, ...options })
  const { engine, metadata, backend } = test
  const beat = async (): Promise<void> => {
    time.advance(STEP_MS)
    await metadata.heartbeat({ processId, oldestReadAgeMs: null })
  }
  const collect = async (): Promise<CollectedGarbage> => {
    await beat()
    await beat()
    return engine.collectGarbage()
  }
  const check = (): Promise<FsckReport> => fsck({ metadata, backends: { main: backend }, opened: true, deep: true })
  const expectClean = async (blobs: number): Promise<void> => {
    await collect()
    const { findings, checked } = await check()
    expect(findings.filter((finding) => finding.severity !== 'note')).toEqual([])
    expect(checked.blobs).toBe(blobs)
  }
  return { ...test, time, collect, check, expectClean }
}
