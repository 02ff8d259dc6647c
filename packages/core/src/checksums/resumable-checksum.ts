import { createMD5, createSHA1, createSHA256 } from 'hash-wasm'
import type { IHasher } from 'hash-wasm'
import type { DigestAlgorithm } from './checksum-algorithm.ts'
import { createCrc, isHash } from './running-checksum.ts'
import type { HashAlgorithm, RunningChecksum } from './running-checksum.ts'

/**
 * A sum that can be put away in the middle and taken up by another process, for uploads that arrive in many requests.
 *
 * Slower than the ordinary one (MD5 0.5, SHA-256 0.4 GB/s): node:crypto cannot give its state away, WebAssembly can.
 */
export interface ResumableChecksum extends RunningChecksum {
  /** The state so far, a few hundred bytes at the most. As secret as the bytes: it may hold some of them. Not after `digest`. */
  save(): Uint8Array
}

/** Says how the rest of a saved state is laid out; another one is not read. */
const FORMAT = 1

const CREATE: Readonly<Record<HashAlgorithm, () => Promise<IHasher>>> = { MD5: createMD5, SHA1: createSHA1, SHA256: createSHA256 }

/** Starts a sum that can be saved. */
export async function createResumableChecksum(algorithm: DigestAlgorithm): Promise<ResumableChecksum> {
  return isHash(algorithm) ? new ResumableHash(await CREATE[algorithm]()) : new ResumableCrc(createCrc(algorithm))
}

/**
 * Goes on where `save` was called. Null where the state was saved by a release that kept it otherwise, or is none of
 * this algorithm: the caller then sums up the stored bytes anew.
 */
export async function restoreResumableChecksum(algorithm: DigestAlgorithm, state: Uint8Array): Promise<ResumableChecksum | null> {
  if (state[0] !== FORMAT) return null
  const rest = Buffer.from(state.subarray(1))
  if (!isHash(algorithm)) return rest.length === createCrc(algorithm).digest().length ? new ResumableCrc(createCrc(algorithm, rest)) : null
  const hasher = await CREATE[algorithm]()
  try {
    return new ResumableHash(hasher.load(rest))
  } catch {
    // hash-wasm refuses states of another build or another algorithm; it has no code to tell this from anything else.
    return null
  }
}

class ResumableHash implements ResumableChecksum {
  readonly #hasher: IHasher

  constructor(hasher: IHasher) {
    this.#hasher = hasher
  }

  update(bytes: Uint8Array): void {
    this.#hasher.update(bytes)
  }

  save(): Uint8Array {
    return Buffer.concat([Buffer.of(FORMAT), this.#hasher.save()])
  }

  digest(): Buffer {
    return Buffer.from(this.#hasher.digest('binary'))
  }
}

class ResumableCrc implements ResumableChecksum {
  readonly #crc: RunningChecksum

  constructor(crc: RunningChecksum) {
    this.#crc = crc
  }

  update(bytes: Uint8Array): void {
    this.#crc.update(bytes)
  }

  save(): Uint8Array {
    return Buffer.concat([Buffer.of(FORMAT), this.#crc.digest()])
  }

  digest(): Buffer {
    return this.#crc.digest()
  }
}
