import { createHash } from 'node:crypto'
import type { JsonObject } from '@stowage/core'
import type { JwtKey } from './jwt-key.ts'

/**
 * What was verified before, by token and key: a signature need not be checked with every request that carries it. The one that
 * was not asked for the longest goes first. Whoever asks checks the times again.
 */
export class VerifiedTokens {
  readonly #sizeMax: number
  readonly #payloads = new Map<string, JsonObject>()

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  /** The payload, if this key has verified this token. */
  find(token: string, key: JwtKey): JsonObject | null {
    const name = nameOf(token, key)
    const payload = this.#payloads.get(name)
    if (payload === undefined) return null
    this.#payloads.delete(name)
    this.#payloads.set(name, payload)
    return payload
  }

  /** Remembers a payload that this key has verified. */
  add(token: string, key: JwtKey, payload: JsonObject): void {
    this.#payloads.set(nameOf(token, key), payload)
    if (this.#payloads.size <= this.#sizeMax) return
    for (const oldest of this.#payloads.keys()) {
      this.#payloads.delete(oldest)
      break
    }
  }

  /** Forgets one that has expired. */
  delete(token: string, key: JwtKey): void {
    this.#payloads.delete(nameOf(token, key))
  }
}

/** By the key, too: a token whose key was replaced is no longer verified, whatever was found before. */
function nameOf(token: string, { fingerprint }: JwtKey): string {
  return createHash('sha256').update(fingerprint).update(token).digest('base64url')
}
