import { randomFillSync } from 'node:crypto'
import { createCRC32, createCRC64, createMD5 } from 'hash-wasm'
import { bench, do_not_optimize, group, run } from 'mitata'
import { digestBytes } from '../../../packages/core/src/checksums/body-digests.ts'
import { combineCrcs } from '../../../packages/core/src/checksums/combine-crc.ts'
import { createRunningChecksum } from '../../../packages/core/src/checksums/running-checksum.ts'

/**
 * Every sum over buffers that fit a cache and one that does not, ours beside hash-wasm's where there is a choice; then
 * the combination of parts. `node -C @stowage/source bench/src/micro/checksums.ts`. MB/s = bytes / time per iteration.
 */
const ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'MD5', 'SHA1', 'SHA256'] as const
const SIZES = [4096, 65_536, 8 * 1024 * 1024]

const wasm = {
  CRC32C: await createCRC32(0x82f63b78),
  CRC64NVME: await createCRC64('9a6c9329ac4bc9b5'),
  MD5: await createMD5(),
}

for (const size of SIZES) {
  const bytes = randomFillSync(Buffer.allocUnsafeSlow(size))
  group(`${size} bytes`, () => {
    for (const algorithm of ALGORITHMS) {
      // Running sums, not one-shots: that is how bodies are hashed, and a hash pays for its creation once a body.
      const running = createRunningChecksum(algorithm)
      bench(`${algorithm} (ours)`, () => running.update(bytes))
    }
    for (const [name, hasher] of Object.entries(wasm)) {
      bench(`${name} (hash-wasm)`, () => do_not_optimize(hasher.update(bytes)))
    }
  })
}

group('a small body, whole', () => {
  const bytes = randomFillSync(Buffer.allocUnsafeSlow(4096))
  bench('MD5 and CRC32C of 4 KiB', () => do_not_optimize(digestBytes(bytes, { digests: ['MD5', 'CRC32C'] })))
})

group('combining 10,000 parts', () => {
  for (const algorithm of ['CRC32', 'CRC32C', 'CRC64NVME'] as const) {
    const digest = Buffer.alloc(algorithm === 'CRC64NVME' ? 8 : 4, 0x5a)
    const equal = Array.from({ length: 10_000 }, () => ({ digest, length: 8 * 1024 * 1024 }))
    const different = Array.from({ length: 10_000 }, (_, index) => ({ digest, length: 5_000_000 + index * 7919 }))
    bench(`of one length, ${algorithm}`, () => do_not_optimize(combineCrcs(algorithm, equal)))
    bench(`of 10,000 lengths, ${algorithm}`, () => do_not_optimize(combineCrcs(algorithm, different)))
  }
})

await run()
