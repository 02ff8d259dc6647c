import { PolicyVersionWatch } from '@stowage/core'
import type { Clock, Observer } from '@stowage/core'
import type { KeyCredential } from './access-key.ts'
import { BoundedCache } from './bounded-cache.ts'

/** A key that may be used, and until when. */
export interface ActiveKey {
  readonly credential: KeyCredential
  readonly expiresAt: Date | null
}

/** What a user may say of a resolver. */
export interface AccessKeyResolverOptions {
  /** How many keys are kept ready, about a kilobyte each. Default 10,000. */
  readonly cachedMax?: number
}

/** What a resolver stands on. */
export interface AccessKeyResolverParts extends AccessKeyResolverOptions {
  /** The key as the store has it now; null for one that may not be used. */
  readonly load: (accessKeyId: string) => Promise<ActiveKey | null>
  /** Hears of each time that a key was found. */
  readonly used: (accessKeyId: string) => void
  /** The store's. */
  readonly policyVersion: () => Promise<number>
  readonly clock: Clock
  readonly observer: Observer
  /** Hears that nobody needs it any more. */
  readonly closed: () => void
}

const CACHED_MAX = 10_000

/**
 * Finds stored keys for a door: the shape of the S3 door's resolver of credentials. Answers at once with what it keeps, which it
 * forgets when the policy version rises or a key is changed through the same `AccessKeys`; so a key that was revoked elsewhere is refused
 * after a second at most, and one that was revoked here at once. Absence is not kept: a new key works everywhere at once.
 */
export class AccessKeyResolver {
  readonly #parts: AccessKeyResolverParts
  readonly #watch: PolicyVersionWatch
  readonly #cache: BoundedCache<ActiveKey>
  #loading = new Map<string, Promise<ActiveKey | null>>()
  #version: number | null = null

  constructor(parts: AccessKeyResolverParts) {
    this.#parts = parts
    this.#cache = new BoundedCache(parts.cachedMax ?? CACHED_MAX)
    this.#watch = new PolicyVersionWatch({
      read: parts.policyVersion,
      heard: (version) => this.#heard(version),
      failed: (error) => parts.observer.event('policy.version-unknown', { error }),
      clock: parts.clock,
      knownSince: null,
    })
  }

  /** The key of this id; null for one that is unknown, disabled, expired or revoked. Rejects where the store does not answer. */
  find(accessKeyId: string, _sessionToken: string | null = null): KeyCredential | null | Promise<KeyCredential | null> {
    const refreshed = this.#watch.refresh()
    const cached = refreshed === null ? this.#cache.get(accessKeyId) : undefined
    return cached === undefined ? this.#findLater(accessKeyId, refreshed) : this.#answer(cached)
  }

  /** Forgets everything: what is found from now on is as the store has it now. */
  forget(): void {
    this.#cache.clear()
    // What is being read may be from before: it answers those who wait for it, and nobody else.
    this.#loading = new Map()
  }

  /** Nothing is asked of the store any more once it resolves. */
  async close(): Promise<void> {
    this.#parts.closed()
    this.forget()
    await this.#watch.idle()
  }

  async #findLater(accessKeyId: string, refreshed: Promise<void> | null): Promise<KeyCredential | null> {
    if (refreshed !== null) await refreshed
    const key = this.#cache.get(accessKeyId) ?? (await this.#load(accessKeyId))
    return key === null ? null : this.#answer(key)
  }

  /** Those who ask for one key at once share the reading. */
  #load(accessKeyId: string): Promise<ActiveKey | null> {
    const loading = this.#loading
    const shared = loading.get(accessKeyId)
    if (shared !== undefined) return shared
    const reading = this.#parts
      .load(accessKeyId)
      .then((key) => {
        if (key !== null && loading === this.#loading) this.#cache.set(accessKeyId, key)
        return key
      })
      .finally(() => loading.delete(accessKeyId))
    loading.set(accessKeyId, reading)
    return reading
  }

  #answer({ credential, expiresAt }: ActiveKey): KeyCredential | null {
    if (expiresAt !== null && this.#parts.clock() >= expiresAt) return null
    this.#parts.used(credential.id)
    return credential
  }

  #heard(version: number): void {
    if (this.#version !== null && this.#version !== version) this.forget()
    this.#version = version
  }
}
