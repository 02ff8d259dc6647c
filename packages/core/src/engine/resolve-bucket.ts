import { LRUCache } from 'lru-cache'
import { StorageError } from '../errors/storage-error.ts'
import type { BucketAddress, BucketInfo } from '../model/bucket.ts'
import type { EngineContext, KnownPolicyVersion } from './context.ts'

/** The jurisdiction of an address that names none. */
export const DEFAULT_JURISDICTION = 'default'

/** How many buckets are remembered. A few hundred bytes each. */
const BUCKETS_MAX = 1_000

interface RememberedBucket {
  readonly bucket: BucketInfo
  readonly policyVersion: number
}

/**
 * Remembers buckets by their address, because a look-up for each request costs as much as reading a small object.
 *
 * A remembered bucket may be gone, or another one of the same name may be there: other processes delete buckets, too.
 * That is harmless as long as everybody goes on as here: commits name the bucket's id, the store answers `bucket-gone`,
 * and the caller looks again (`withRequirement`); reads under an id that is gone find nothing, and a reader that finds
 * nothing looks again before it says so (`readUnderRequirement`). What a bucket is never changes under its id but for its
 * versioning, which commits carry as they know it: under another one the store answers `bucket-changed`. Reads go by the
 * remembered one; who asks for a bucket's settings is given what the store has (`headBucket`). A policy may speak of buckets, so what
 * was read before a policy version was heard of is forgotten, too. Absence is never remembered.
 */
export class BucketCache {
  readonly #buckets = new LRUCache<string, RememberedBucket>({ max: BUCKETS_MAX })
  readonly #policyVersion: KnownPolicyVersion

  constructor(policyVersion: KnownPolicyVersion) {
    this.#policyVersion = policyVersion
  }

  get(jurisdiction: string, name: string): BucketInfo | undefined {
    const remembered = this.#buckets.get(`${jurisdiction}/${name}`)
    if (remembered === undefined || remembered.policyVersion !== this.#policyVersion.current) return undefined
    const { bucket } = remembered
    // Held against the bucket itself: a jurisdiction with a slash must not be taken for another address.
    return bucket.name === name && bucket.jurisdiction === jurisdiction ? bucket : undefined
  }

  /** `policyVersion` is what was known when the reading began. */
  remember(bucket: BucketInfo, policyVersion: number): void {
    this.#buckets.set(`${bucket.jurisdiction}/${bucket.name}`, { bucket, policyVersion })
  }

  forget(jurisdiction: string, name: string): void {
    this.#buckets.delete(`${jurisdiction}/${name}`)
  }
}

/** The bucket at an address, remembered or read. Throws `BucketNotFound`. */
export function resolveBucket(engine: EngineContext, address: BucketAddress): BucketInfo | Promise<BucketInfo> {
  return engine.buckets.get(address.jurisdiction ?? DEFAULT_JURISDICTION, address.name) ?? readBucket(engine, address)
}

/** The bucket at an address as the store has it now. Throws `BucketNotFound`. */
export async function readBucket(engine: EngineContext, address: BucketAddress): Promise<BucketInfo> {
  const jurisdiction = address.jurisdiction ?? DEFAULT_JURISDICTION
  const policyVersion = engine.policyVersion.current
  const bucket = await engine.metadata.findBucket({ jurisdiction, name: address.name })
  if (bucket === null) {
    engine.buckets.forget(jurisdiction, address.name)
    throw new StorageError('BucketNotFound', { bucket: address.name })
  }
  engine.buckets.remember(bucket, policyVersion)
  return bucket
}
