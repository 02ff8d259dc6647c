import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { connect } from '../src/client.ts'
import { Closing } from '../src/closing.ts'
import { parseOptions } from '../src/options.ts'
import { PartBuffers } from '../src/part-buffers.ts'
import { putBlob } from '../src/put.ts'
import type { Store } from '../src/store.ts'
import { bytesOf, failureOf, KEY, sourceOf, startFaultyStore } from './support/faulty-store.ts'

vi.setConfig({ testTimeout: 60_000 })
const faulty = await startFaultyStore()
const ends: (() => void)[] = []
let number = 0
afterEach(() => {
  for (const end of ends.splice(0)) end()
  faulty.upstream.heal()
})
afterAll(() => faulty.stop())

const PART_SIZE = 5 * 1024 ** 2
const BYTES = bytesOf(3 * PART_SIZE)

/** The real ones, and what was handed out and given back. */
class SeenBuffers extends PartBuffers {
  readonly taken: Buffer[] = []
  readonly givenBack: Buffer[] = []

  override take(size: number): Buffer {
    const buffer = super.take(size)
    this.taken.push(buffer)
    return buffer
  }

  override giveBack(buffer: Buffer): void {
    this.givenBack.push(buffer)
    super.giveBack(buffer)
  }
}

/** A store that goes by the faults, one part at a time. */
function openStore(): { readonly store: Store; readonly buffers: SeenBuffers } {
  const { server, upstream } = faulty
  const options = parseOptions({
    ...server.options,
    endpoint: upstream.url,
    prefix: `buffers-${(number += 1)}/`,
    partSize: PART_SIZE,
    concurrency: 1,
    attemptsMax: 2,
    requestTimeoutSeconds: 3,
  })
  const traits = { checksum: 'crc32', detects: true, deletesMany: true, deletesWithMd5: false } as const
  const buffers = new SeenBuffers({ size: PART_SIZE, keptMax: 8 })
  const connected = connect(options)
  ends.push(() => connected.destroy())
  return { store: { options, client: connected.client, traits: { ...traits }, closing: new Closing(), buffers }, buffers }
}

describe('the memory of a part', () => {
  test('is used again once the part has arrived', async () => {
    const { store, buffers } = openStore()
    await putBlob(store, { key: KEY, body: sourceOf(BYTES), options: { size: BYTES.length } })
    expect(buffers.taken).toHaveLength(2)
    expect(new Set(buffers.givenBack)).toEqual(new Set(buffers.taken))
  })

  test.each([
    ['a part', BYTES, /partNumber=1/],
    ['a whole blob', BYTES.subarray(0, PART_SIZE), /^x-id=PutObject/],
  ])('is not, where an attempt was given up that may still be reading it: %s', async (_name, bytes, query) => {
    const { store, buffers } = openStore()
    faulty.upstream.add({ method: 'PUT', query, fault: { kind: 'hang', executed: false } })
    await putBlob(store, { key: KEY, body: sourceOf(bytes), options: { size: bytes.length } })
    // The first one was sent twice, and nobody gets it any more: not the rest of this blob, not the next one.
    const [unsafe, ...others] = buffers.taken
    expect(others).toHaveLength(bytes === BYTES ? 2 : 0)
    expect(others).not.toContain(unsafe)
    expect(buffers.givenBack.some((buffer) => buffer === unsafe)).toBe(false)
    expect(buffers.givenBack).toHaveLength(others.length)
  })

  test('nor where the put failed', async () => {
    const { store, buffers } = openStore()
    faulty.upstream.add({ method: 'PUT', times: Infinity, fault: { kind: 'hang', executed: false } })
    const body = sourceOf(BYTES.subarray(0, PART_SIZE))
    expect(await failureOf(putBlob(store, { key: KEY, body, options: {} }))).toMatchObject({ code: 'BackendUnavailable' })
    expect(buffers.taken).toHaveLength(1)
    expect(buffers.givenBack).toEqual([])
  })
})
