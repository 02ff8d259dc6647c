import { StorageError } from '../errors/storage-error.ts'
import { assert } from '../util/assert.ts'
import type { DigestAlgorithm } from './checksum-algorithm.ts'
import { checksumOf } from './running-checksum.ts'

/** What somebody says the digest of a body is. */
export interface ExpectedDigest {
  readonly algorithm: DigestAlgorithm
  readonly digest: Uint8Array
  /** What a mismatch is reported under, where the algorithm alone does not tell which claim was wrong. Default: the algorithm. */
  readonly name?: string
}

/** What is wanted of a body, and what it must be. */
export interface DigestOptions {
  /** What to compute. Naming one twice, here or in `expected`, costs nothing. */
  readonly digests: readonly DigestAlgorithm[]
  /** Digests known beforehand; each is computed and compared. */
  readonly expected?: readonly ExpectedDigest[]
  /** The exact length, in bytes, where somebody said it. */
  readonly size?: number
  /** The greatest length allowed, in bytes. */
  readonly sizeMax?: number
}

/** What a body was: its length and its digests. */
export class BodyDigests {
  /** In bytes. */
  readonly size: number
  readonly #digests: ReadonlyMap<DigestAlgorithm, Buffer>

  constructor(size: number, digests: ReadonlyMap<DigestAlgorithm, Buffer>) {
    this.size = size
    this.#digests = digests
  }

  /** The digest, which must be one that was asked for. */
  of(algorithm: DigestAlgorithm): Buffer {
    const digest = this.#digests.get(algorithm)
    assert(digest !== undefined, `${algorithm} was not asked for`)
    return digest
  }

  /** Throws `ChecksumMismatch`, both digests in base64, if the body was not what somebody said. */
  verify(expected: readonly ExpectedDigest[]): void {
    for (const { algorithm, digest, name = algorithm } of expected) {
      const actual = this.of(algorithm)
      if (actual.equals(digest)) continue
      const details = { algorithm: name, expected: Buffer.from(digest).toString('base64'), actual: actual.toString('base64') }
      throw new StorageError('ChecksumMismatch', details)
    }
  }
}

/** Every algorithm that has to be computed, once. */
export function wantedDigests(options: DigestOptions): readonly DigestAlgorithm[] {
  return [...new Set([...options.digests, ...(options.expected ?? []).map((expected) => expected.algorithm)])]
}

/** Throws `ObjectTooLarge`, or `IncompleteBody` for one that is longer than was said. `size` is what has arrived until now. */
export function checkSizeSoFar(size: number, options: DigestOptions): void {
  if (options.sizeMax !== undefined && size > options.sizeMax) throw new StorageError('ObjectTooLarge', { size, max: options.sizeMax })
  if (options.size !== undefined && size > options.size) throw new StorageError('IncompleteBody', { expected: options.size, actual: size })
}

/** Throws as `checkSizeSoFar`, and `IncompleteBody` for a body that ended early. */
export function checkWholeSize(size: number, options: DigestOptions): void {
  checkSizeSoFar(size, options)
  if (options.size !== undefined && size < options.size) throw new StorageError('IncompleteBody', { expected: options.size, actual: size })
}

/** The digests of a body that is all there, verified: the fast path, without a promise. Throws as `HashingSource` does. */
export function digestBytes(bytes: Uint8Array, options: DigestOptions): BodyDigests {
  checkWholeSize(bytes.length, options)
  const digests = new Map(wantedDigests(options).map((algorithm) => [algorithm, checksumOf(algorithm, bytes)]))
  const body = new BodyDigests(bytes.length, digests)
  body.verify(options.expected ?? [])
  return body
}
