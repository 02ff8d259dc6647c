import type { Clock } from '../../src/util/clock.ts'

/** A clock that stands until it is told to go on. */
export interface TestClock {
  readonly clock: Clock
  now(): number
  advance(milliseconds: number): void
}

const EPOCH = Date.UTC(2030, 0, 1)

/** A clock that begins at a round time. */
export function testClock(start: number = EPOCH): TestClock {
  let now = start
  return {
    clock: () => new Date(now),
    now: () => now,
    advance: (milliseconds) => {
      now += milliseconds
    },
  }
}
