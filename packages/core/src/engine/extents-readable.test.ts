import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { bytesOf, readAll } from '../../test/engine-matrix.ts'
import { parseBlobKey } from '../backend/blob-key.ts'
import type { Extent } from '../model/extent.ts'
import { ExtentsReadable } from './extents-readable.ts'
import { opensAhead } from './read-ahead.ts'
import type { ReadAhead } from './read-ahead.ts'

const SIZE = 1_000
const AHEAD: ReadAhead = { openMax: 4, bytesMax: 2_500 }

/** A store that answers when it is told to: latency without a clock. */
class SlowStore {
  readonly extents: readonly Extent[]
  readonly bytes: Buffer
  /** What was asked for, and what came of it, in its order. */
  readonly events: string[] = []
  readonly open = new Set<Readable>()
  readonly #answers = new Map<number, () => void>()

  constructor(count: number, size = SIZE) {
    this.bytes = bytesOf(count * size)
    this.extents = Array.from({ length: count }, (_, at) => ({
      kind: 'blob',
      backendId: 'main',
      blob: parseBlobKey(`b${at}`),
      storedOffset: 0,
      storedLength: size,
      length: size,
      crc32c: null,
      envelope: null,
    }))
  }

  streamOf(at: number): Readable {
    const { length } = this.extents[at] ?? { length: 0 }
    const stream = Readable.from([this.bytes.subarray(at * length, (at + 1) * length)], { objectMode: false })
    this.open.add(stream)
    stream.once('close', () => this.open.delete(stream))
    return stream
  }

  /** Asks; the answer comes with `answer`. */
  async ask(extent: Extent): Promise<Readable> {
    const at = this.extents.indexOf(extent)
    this.events.push(`ask ${at}`)
    await new Promise<void>((resolve) => void this.#answers.set(at, resolve))
    this.events.push(`answer ${at}`)
    return this.streamOf(at)
  }

  answer(at: number): void {
    this.#answers.get(at)?.()
    this.#answers.delete(at)
  }

  /** Extents that were asked for and not answered. */
  get waiting(): readonly number[] {
    return [...this.#answers.keys()]
  }

  read(ahead: ReadAhead = AHEAD): ExtentsReadable {
    return new ExtentsReadable({ extents: this.extents, first: this.streamOf(0), open: (extent) => this.ask(extent), ahead })
  }
}

/** Lets everything happen that waits for nobody. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => void setImmediate(resolve))
}

test('begins with one ahead, and then asks for as many as it may, in their order', async () => {
  const store = new SlowStore(8)
  const stream = store.read()
  expect(store.waiting).toEqual([1])
  const chunks: Uint8Array[] = []
  stream.on('data', (chunk: Uint8Array) => chunks.push(chunk))
  await settle()
  expect(store.waiting).toEqual([1])
  store.answer(1)
  await settle()
  // The second is delivered; while the third's answer is waited for, the fourth and so on have been asked for, too.
  expect(store.waiting).toEqual([2, 3])
  store.answer(3)
  await settle()
  expect(Buffer.concat(chunks)).toHaveLength(2 * SIZE)
  store.answer(2)
  await settle()
  expect(Buffer.concat(chunks)).toHaveLength(4 * SIZE)
  // Three are waited for at once: a store that needs 100 ms for each answer is waited for once, not three times.
  expect(store.waiting).toEqual([4, 5, 6])
  for (const at of [4, 5, 6]) store.answer(at)
  await settle()
  store.answer(7)
  await settle()
  expect(Buffer.concat(chunks).equals(store.bytes)).toBe(true)
  expect(store.events.filter((event) => event.startsWith('ask'))).toEqual([1, 2, 3, 4, 5, 6, 7].map((at) => `ask ${at}`))
  expect(store.open.size).toBe(0)
})

test('nothing is asked for that is further away than the bytes it may read ahead', () => {
  const position = { extentsDone: 10, opened: 0, bytesBefore: 0 }
  expect(opensAhead(AHEAD, position)).toBe(true)
  expect(opensAhead(AHEAD, { ...position, bytesBefore: 2_500 })).toBe(true)
  expect(opensAhead(AHEAD, { ...position, bytesBefore: 2_501 })).toBe(false)
  expect(opensAhead(AHEAD, { ...position, opened: 2 })).toBe(true)
  expect(opensAhead(AHEAD, { ...position, opened: 3 })).toBe(false)
  expect(opensAhead(AHEAD, { ...position, extentsDone: 0 })).toBe(true)
  expect(opensAhead(AHEAD, { ...position, extentsDone: 0, opened: 1 })).toBe(false)
  expect(opensAhead({ ...AHEAD, openMax: 1 }, position)).toBe(false)
})

test('a large extent is delivered nearly to its end before the next one is asked for', async () => {
  const store = new SlowStore(2, 10_000)
  const chunked = new Readable({ read() {} })
  const stream = new ExtentsReadable({
    extents: store.extents,
    first: chunked,
    open: (extent) => store.ask(extent),
    ahead: { openMax: 4, bytesMax: 1_000 },
  })
  stream.resume()
  chunked.push(store.bytes.subarray(0, 8_999))
  await settle()
  expect(store.waiting).toEqual([])
  chunked.push(store.bytes.subarray(8_999, 9_000))
  await settle()
  expect(store.waiting).toEqual([1])
  stream.destroy()
  store.answer(1)
  await settle()
  expect(store.open.size).toBe(0)
})

test('who does not read makes nobody ask for more than may be open at once', async () => {
  const store = new SlowStore(8, 100_000)
  const stream = store.read({ openMax: 4, bytesMax: 1_000_000 })
  for (let turn = 0; turn < 10; turn += 1) {
    for (const at of store.waiting) store.answer(at)
    await settle()
  }
  // The first one fills the buffer; the second has its turn, and waits with the two behind it.
  expect(store.events.filter((event) => event.startsWith('ask'))).toEqual(['ask 1', 'ask 2', 'ask 3'])
  expect(store.open.size).toBe(3)
  stream.destroy()
  await settle()
  expect(store.open.size).toBe(0)
})

test('destroyed, it frees what is open, and what comes late', async () => {
  const store = new SlowStore(8)
  const stream = store.read()
  stream.resume()
  store.answer(1)
  await settle()
  expect(store.waiting).toEqual([2, 3])
  store.answer(3)
  await settle()
  expect(store.open.size).toBe(1)
  stream.destroy()
  await settle()
  expect(store.open.size).toBe(0)
  store.answer(2)
  await settle()
  expect(store.open.size).toBe(0)
  expect(store.events.filter((event) => event === 'ask 4')).toEqual([])
})

test('what failed before its turn is asked for once more; what fails again breaks the stream off', async () => {
  const failures: Readonly<Record<string, () => Promise<Readable>>> = {
    'no answer': () => Promise.reject(new Error('503')),
    'closed by the store': async () => new Readable({ read() {} }).destroy(new Error('ECONNRESET')),
    'closed without a word': async () => new Readable({ read() {} }).destroy(),
  }
  for (const [name, fail] of Object.entries(failures)) {
    for (const times of [1, 2]) {
      const store = new SlowStore(3)
      let calls = 0
      const open = (extent: Extent): Promise<Readable> => {
        const at = store.extents.indexOf(extent)
        if (at !== 1) return Promise.resolve(store.streamOf(at))
        calls += 1
        return calls <= times ? fail() : Promise.resolve(store.streamOf(at))
      }
      const stream = new ExtentsReadable({ extents: store.extents, first: store.streamOf(0), open, ahead: AHEAD })
      if (times === 1) expect((await readAll(stream)).equals(store.bytes), name).toBe(true)
      else await expect(readAll(stream), name).rejects.toThrow()
      expect(calls, name).toBe(2)
      await settle()
      expect(store.open.size, name).toBe(0)
    }
  }
})
