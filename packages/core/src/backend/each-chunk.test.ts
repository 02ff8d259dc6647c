import { describe, expect, test } from 'vitest'
import { abandonSource, eachChunk } from './each-chunk.ts'

interface Watched {
  readonly body: AsyncIterable<Uint8Array>
  readonly asked: () => number
  readonly returned: () => number
}

/** Chunks of one byte, counted; hangs forever after the last one where it is told to. */
function watched(count: number, hang = false): Watched {
  let asked = 0
  let returned = 0
  const iterator: AsyncIterator<Uint8Array> = {
    next() {
      asked += 1
      if (asked <= count) return Promise.resolve({ done: false, value: Uint8Array.of(asked) })
      return hang ? new Promise(() => {}) : Promise.resolve({ done: true, value: undefined })
    },
    return() {
      returned += 1
      return hang ? new Promise(() => {}) : Promise.reject(new Error('not heard'))
    },
  }
  return { body: { [Symbol.asyncIterator]: () => iterator }, asked: () => asked, returned: () => returned }
}

describe('eachChunk', () => {
  test('gives every chunk, and does not call return() at the end', async () => {
    const source = watched(3)
    const taken: number[] = []
    await eachChunk(source.body, undefined, (chunk) => void taken.push(...chunk))
    expect(taken).toEqual([1, 2, 3])
    expect(source.returned()).toBe(0)
  })

  test('asks for no chunk before the promise of the one before', async () => {
    const source = watched(3)
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => (release = resolve))
    const reading = eachChunk(source.body, new AbortController().signal, (chunk) => (chunk[0] === 2 ? gate : undefined))
    await new Promise((resolve) => setImmediate(resolve))
    expect(source.asked()).toBe(2)
    release()
    await reading
    expect(source.asked()).toBe(4)
  })

  test('what take throws comes out, and the source is told', async () => {
    const source = watched(3)
    const error = new Error('full')
    const failing = eachChunk(source.body, undefined, () => {
      throw error
    })
    await expect(failing).rejects.toBe(error)
    expect(source.returned()).toBe(1)
  })

  test('an abort is noticed while the source hangs, though its return() hangs as well', async () => {
    const source = watched(1, true)
    const controller = new AbortController()
    const reading = eachChunk(source.body, controller.signal, () => {})
    await new Promise((resolve) => setImmediate(resolve))
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(reading).rejects.toBe(reason)
    expect(source.returned()).toBe(1)
  })

  test('an abort before the beginning asks for nothing', async () => {
    const source = watched(1)
    await expect(eachChunk(source.body, AbortSignal.abort('no'), () => {})).rejects.toBe('no')
    expect(source.asked()).toBe(0)
    expect(source.returned()).toBe(1)
  })
})

test('abandonSource tells the source, and hears nothing', async () => {
  const source = watched(1)
  abandonSource(source.body)
  await new Promise((resolve) => setImmediate(resolve))
  expect(source.returned()).toBe(1)
  expect(source.asked()).toBe(0)
})
