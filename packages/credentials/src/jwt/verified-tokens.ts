import { createHash } from 'node:crypto'
import type { JsonObject } from '@stowage/core'
import { jsonWeight } from './json-weight.ts'
import type { JwtKey } from './jwt-key.ts'

/** How much is remembered. */
export interface VerifiedTokensOptions {
  /** How many tokens; 0 for none. */
  readonly countMax: number
  /** What they say, in memory, about. A token that says more than a sixteenth of it is not remembered. */
  readonly bytesMax: number
}

interface Remembered {
  readonly payload: JsonObject
  readonly bytes: number
}

/** Nobody's tokens are to push out everybody else's. */
const SHARE_MAX = 1 / 16
/** Of the name of one, and its place. */
const ENTRY_BYTES = 200

/**
 * What was verified before, by token and key: a signature need not be checked with every request that carries it. The one that
 * was not asked for the longest goes first. Whoever asks checks the times again. Several verifiers may share it.
 */
export class VerifiedTokens {
  readonly #options: VerifiedTokensOptions
  readonly #remembered = new Map<string, Remembered>()
  #bytes = 0

  constructor(options: VerifiedTokensOptions) {
    this.#options = options
  }

  /** The payload, if this key has verified this token. */
  find(token: string, key: JwtKey): JsonObject | null {
    const name = nameOf(token, key)
    const known = this.#remembered.get(name)
    if (known === undefined) return null
    this.#remembered.delete(name)
    this.#remembered.set(name, known)
    return known.payload
  }

  /** Remembers a payload that this key has verified. */
  add(token: string, key: JwtKey, payload: JsonObject): void {
    const { countMax, bytesMax } = this.#options
    const bytes = ENTRY_BYTES + jsonWeight(payload)
    if (countMax === 0 || bytes > bytesMax * SHARE_MAX) return
    const name = nameOf(token, key)
    this.#forget(name)
    this.#remembered.set(name, { payload, bytes })
    this.#bytes += bytes
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= countMax && this.#bytes <= bytesMax) break
      this.#forget(oldest)
    }
  }

  /** Forgets one that has expired. */
  delete(token: string, key: JwtKey): void {
    this.#forget(nameOf(token, key))
  }

  /** What is remembered takes, about. */
  get bytes(): number {
    return this.#bytes
  }

  #forget(name: string): void {
    this.#bytes -= this.#remembered.get(name)?.bytes ?? 0
    this.#remembered.delete(name)
  }
}

/** By the key, too: a token whose key was replaced is no longer verified, whatever was found before. */
function nameOf(token: string, { fingerprint }: JwtKey): string {
  return createHash('sha256').update(fingerprint).update(token).digest('base64url')
}
