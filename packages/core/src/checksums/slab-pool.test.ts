import { expect, test } from 'vitest'
import { SlabPool } from './slab-pool.ts'
import type { Slab } from './slab-pool.ts'

test('keeps what its streams will ask for again, and little when they are gone', () => {
  let streams = 32
  const forgotten: number[] = []
  const pool = new SlabPool({ forget: (slab) => void forgotten.push(slab), streams: () => streams })
  const take = (count: number): Slab[] => Array.from({ length: count }, () => ({ ...pool.take() }))
  const made = Array.from({ length: 96 }, () => pool.take())
  for (const slab of made) slab.announced = true
  for (const slab of made) pool.giveBack(slab)
  // What 32 streams fill and empty in turns is always the same memory.
  const ids = new Set(made.map(({ id }) => id))
  expect(take(96).every(({ id }) => ids.has(id))).toBe(true)
  expect([pool.lent, forgotten]).toEqual([96, []])
  for (const slab of made) pool.giveBack(slab)
  streams = 0
  pool.trim()
  expect([pool.lent, forgotten.length]).toEqual([0, 96 - 16])
  expect(take(17).filter(({ id }) => ids.has(id))).toHaveLength(16)
})

test('what is given back after the streams are gone is let go of beyond a few', () => {
  const forgotten: number[] = []
  const pool = new SlabPool({ forget: (slab) => void forgotten.push(slab), streams: () => 0 })
  const slabs = Array.from({ length: 20 }, () => pool.take())
  for (const slab of slabs) slab.announced = true
  for (const slab of slabs) pool.giveBack(slab)
  expect([pool.lent, forgotten.length]).toEqual([0, 4])
})
