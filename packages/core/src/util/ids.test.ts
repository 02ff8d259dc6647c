import { describe, expect, test } from 'vitest'
import { createIds } from './ids.ts'

const at =
  (time: number): (() => Date) =>
  () =>
    new Date(time)

describe('createIds', () => {
  test('makes UUIDs of version 7 that carry the time', () => {
    const id = createIds({ clock: at(0x0123456789ab), fill: (bytes) => bytes.fill(0xff) }).uuid()
    expect(id).toBe('01234567-89ab-7000-bfff-ffffffffffff')
  })

  test('sorts by the order of making, also within a millisecond, past 4,096 of them, and when the clock goes back', () => {
    const times = [5, ...Array<number>(10_000).fill(9), 3, 3, 20_000]
    let call = 0
    const ids = createIds({ clock: () => new Date(times[call++]!) })
    const made = times.map(() => ids.blobName())
    expect(made).toEqual([...made].sort())
    expect(new Set(made).size).toBe(made.length)
  })

  test('names blobs in the alphabet of blob keys', () => {
    expect(createIds().blobName()).toMatch(/^[0-9a-f]{32}$/)
  })

  test('never repeats itself across the pool of random bytes or between two sources', () => {
    const made = [createIds({ clock: at(7) }), createIds({ clock: at(7) })].flatMap((ids) => Array.from({ length: 2000 }, () => ids.uuid()))
    expect(new Set(made).size).toBe(made.length)
  })
})
