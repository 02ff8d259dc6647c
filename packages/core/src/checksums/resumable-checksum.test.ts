import { describe, expect, test } from 'vitest'
import { createResumableChecksum, restoreResumableChecksum } from './resumable-checksum.ts'
import { checksumOf } from './running-checksum.ts'

/** Longer than a block of every hash, twice. */
const BYTES = Buffer.from(Array.from({ length: 150 }, (_, index) => (index * 37) & 255))
const ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'MD5', 'SHA1', 'SHA256'] as const

describe.each(ALGORITHMS)('%s', (algorithm) => {
  test('goes on after every byte', async () => {
    for (let cut = 0; cut <= BYTES.length; cut += 1) {
      const before = await createResumableChecksum(algorithm)
      before.update(BYTES.subarray(0, cut))
      const after = await restoreResumableChecksum(algorithm, before.save())
      after?.update(BYTES.subarray(cut))
      expect(after?.digest()).toEqual(checksumOf(algorithm, BYTES))
    }
  })

  test('goes on after each of many steps, every one in another process as it were', async () => {
    let state = (await createResumableChecksum(algorithm)).save()
    for (let at = 0; at < BYTES.length; at += 3) {
      const step = await restoreResumableChecksum(algorithm, state)
      step?.update(BYTES.subarray(at, at + 3))
      state = step?.save() ?? Buffer.of()
    }
    expect((await restoreResumableChecksum(algorithm, state))?.digest()).toEqual(checksumOf(algorithm, BYTES))
  })

  test('goes on itself after a save', async () => {
    const sum = await createResumableChecksum(algorithm)
    sum.update(BYTES.subarray(0, 70))
    sum.save()
    sum.update(BYTES.subarray(70))
    expect(sum.digest()).toEqual(checksumOf(algorithm, BYTES))
  })

  test('does not read what it has not written', async () => {
    const state = (await createResumableChecksum(algorithm)).save()
    const otherFormat = Buffer.from(state)
    otherFormat[0] = 0
    for (const bad of [Buffer.of(), Buffer.of(1), otherFormat, state.subarray(0, -1), Buffer.concat([state, Buffer.of(0)])]) {
      expect(await restoreResumableChecksum(algorithm, bad)).toBeNull()
    }
  })
})

test('the state of one algorithm is none of another of that length or build', async () => {
  expect(await restoreResumableChecksum('SHA256', (await createResumableChecksum('MD5')).save())).toBeNull()
  expect(await restoreResumableChecksum('MD5', (await createResumableChecksum('SHA1')).save())).toBeNull()
})
