import { describe, expect, test } from 'vitest'
import { PartBuffers } from './part-buffers.ts'

describe('PartBuffers', () => {
  test('gives out again what it was given back, as many as it keeps', () => {
    const buffers = new PartBuffers({ size: 100, keptMax: 2 })
    const first = [buffers.take(100), buffers.take(60), buffers.take(51)]
    expect(first.map(({ length }) => length)).toEqual([100, 100, 100])
    expect(new Set(first).size).toBe(3)
    for (const buffer of first) buffers.giveBack(buffer)
    const second = [buffers.take(100), buffers.take(100), buffers.take(100)]
    expect(second.filter((buffer) => first.includes(buffer))).toHaveLength(2)
    expect(new Set(second).size).toBe(3)
  })

  test('keeps none of another size', () => {
    const buffers = new PartBuffers({ size: 100, keptMax: 2 })
    for (const size of [50, 101]) {
      const buffer = buffers.take(size)
      expect(buffer).toHaveLength(size)
      buffers.giveBack(buffer)
      expect(buffers.take(size)).not.toBe(buffer)
    }
    expect(buffers.take(100)).toHaveLength(100)
  })
})
