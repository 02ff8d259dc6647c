import { crc32c, parseBlobKey } from '@stowage/core/backend'
import { describe, expect, test } from 'vitest'
import { openOn } from '../test/support/open-on.ts'
import { refusal, resource } from '../test/support/scripted-server.ts'
import type { Received, Reply } from '../test/support/scripted-server.ts'
import { formatCrc32c } from './object-facts.ts'

const TARGET = parseBlobKey('x1')
const SOURCES = ['a', 'b'].map(parseBlobKey)
const WHOLE = resource({ size: 9, crc32c: sumOf('123456789') })
const GONE = refusal(404, 'notFound', 'No such object: blobs/a')
const SOMETHING = refusal(404, 'notFound', 'Not Found')

function sumOf(text: string): string {
  return formatCrc32c(crc32c(Buffer.from(text)))
}

/** What the service says of a source. */
function sourceOf({ target }: Received): Reply {
  return target.includes('/o/a?')
    ? resource({ name: 'a', size: 4, crc32c: sumOf('1234') })
    : resource({ name: 'b', size: 5, crc32c: sumOf('56789') })
}

/** Joins both sources on a service that answers its compositions so, one after the other, and then the same for ever. */
async function joinOn(
  compositions: readonly Reply[],
  lookUp: (received: Received) => Reply = sourceOf,
): Promise<{ readonly joined: Promise<unknown>; readonly composed: () => number }> {
  let composed = 0
  const opened = await openOn((received) => {
    if (received.method !== 'POST') return lookUp(received)
    composed += 1
    return compositions[Math.min(composed, compositions.length) - 1] ?? {}
  })
  const { backend } = opened
  const joined = Promise.resolve(backend.joining?.join(TARGET, SOURCES, { temporary: () => Promise.reject(new Error('none')) }))
  return { joined, composed: () => composed }
}

describe('a join', () => {
  test('names the source that is missing', async () => {
    const { joined } = await joinOn([GONE], (received) => (received.target.includes('/o/b?') ? GONE : sourceOf(received)))
    await expect(joined).rejects.toMatchObject({ code: 'BlobNotFound', details: { blob: 'b' } })
  })

  test.each([
    ['the service says so of an object', GONE],
    ['it does not say of what', SOMETHING],
  ])('misses nothing where all sources are found, and may be tried again: %s', async (_, answer) => {
    const { joined, composed } = await joinOn([answer])
    await expect(joined).rejects.toMatchObject({ code: 'BackendUnavailable', retryable: true })
    expect(composed()).toBe(4)
  })

  test('is tried again where all sources are found', async () => {
    const { joined, composed } = await joinOn([GONE, WHOLE])
    expect(await joined).toEqual({ size: 9 })
    expect(composed()).toBe(2)
  })

  test('of a missing bucket is not tried again', async () => {
    const bucket = refusal(404, 'notFound', 'The specified bucket does not exist.')
    const { joined, composed } = await joinOn([bucket], () => bucket)
    await expect(joined).rejects.toMatchObject({ code: 'BackendUnavailable', retryable: false })
    expect(composed()).toBe(1)
  })

  test('takes no other object for the one that it made', async () => {
    const { joined } = await joinOn([resource({ name: 'z1', size: 1, crc32c: 'AAAAAA==' })])
    await expect(joined).rejects.toMatchObject({ code: 'BackendUnavailable', retryable: true })
  })
})
