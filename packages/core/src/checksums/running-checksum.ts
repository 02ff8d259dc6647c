import { createHash, hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { CrcAlgorithm, DigestAlgorithm } from './checksum-algorithm.ts'
import { crc32c } from './crc32c.ts'
import { Crc64Nvme } from './crc64-nvme.ts'

/** A sum over bytes that go by. */
export interface RunningChecksum {
  update(bytes: Uint8Array): void
  /** The sum, big-endian. Called once, after the last byte; a CRC may be asked at any time. */
  digest(): Buffer
}

/** The digests that OpenSSL computes: slow enough (MD5: 0.8 GB/s) to be worth another thread. */
export type HashAlgorithm = Exclude<DigestAlgorithm, CrcAlgorithm>

/** Their names in node:crypto. */
const HASH_NAMES: Readonly<Record<HashAlgorithm, string>> = { MD5: 'md5', SHA1: 'sha1', SHA256: 'sha256' }

/** Whether the digest is one of OpenSSL's. */
export function isHash(algorithm: DigestAlgorithm): algorithm is HashAlgorithm {
  return Object.hasOwn(HASH_NAMES, algorithm)
}

/** Starts a sum over bytes to come. Synchronous for every algorithm. */
export function createRunningChecksum(algorithm: DigestAlgorithm): RunningChecksum {
  if (isHash(algorithm)) return createHash(HASH_NAMES[algorithm])
  return createCrc(algorithm)
}

/** The sum of bytes that are all there. */
export function checksumOf(algorithm: DigestAlgorithm, bytes: Uint8Array): Buffer {
  // Without the object of a running hash; and through hex, because a Buffer of OpenSSL's is as dear as that.
  if (isHash(algorithm)) return Buffer.from(hash(HASH_NAMES[algorithm], bytes), 'hex')
  const running = createRunningChecksum(algorithm)
  running.update(bytes)
  return running.digest()
}

/** Starts a CRC, or goes on from the value of what came before: what `digest` gave is the whole state of one. */
export function createCrc(algorithm: CrcAlgorithm, before?: Buffer): RunningChecksum {
  if (algorithm === 'CRC64NVME') return new RunningCrc64(before)
  return new RunningCrc32(algorithm === 'CRC32' ? crc32 : crc32c, before)
}

class RunningCrc32 implements RunningChecksum {
  readonly #sum: (bytes: Uint8Array, value: number) => number
  #value: number

  constructor(sum: (bytes: Uint8Array, value: number) => number, before?: Buffer) {
    this.#sum = sum
    this.#value = before?.readUInt32BE() ?? 0
  }

  update(bytes: Uint8Array): void {
    this.#value = this.#sum(bytes, this.#value)
  }

  digest(): Buffer {
    const digest = Buffer.allocUnsafe(4)
    digest.writeUInt32BE(this.#value)
    return digest
  }
}

class RunningCrc64 implements RunningChecksum {
  readonly #crc: Crc64Nvme

  constructor(before?: Buffer) {
    this.#crc = new Crc64Nvme(before === undefined ? undefined : { high: before.readInt32BE(0), low: before.readInt32BE(4) })
  }

  update(bytes: Uint8Array): void {
    this.#crc.update(bytes)
  }

  digest(): Buffer {
    const digest = Buffer.allocUnsafe(8)
    digest.writeInt32BE(this.#crc.value.high, 0)
    digest.writeInt32BE(this.#crc.value.low, 4)
    return digest
  }
}
