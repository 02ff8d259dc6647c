import { Buffer } from 'node:buffer'
import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import type { CredentialScope } from './credential-scope.ts'
import type { Credential } from './credentials.ts'

/** The most signing keys that are kept. One is a kilobyte. */
const SIGNING_KEYS_MAX = 4096

/** The bytes that SHA-256 takes in at a time. */
const BLOCK_SIZE = 64
const DIGEST_SIZE = 32
/** Longer texts to sign there are only where a client sends a credential scope of that length. */
const TEXT_SIZE_MAX = 512

/**
 * A key that signs with HMAC-SHA256 (RFC 2104), as two hashes of buffers that are laid out once: half of what `createHmac` costs,
 * which makes three objects for each signature.
 */
export class SigningKey {
  readonly #key: Buffer
  /** The key with its inner padding, and room for the text. */
  readonly #inner: Buffer = Buffer.alloc(BLOCK_SIZE + TEXT_SIZE_MAX)
  /** The key with its outer padding, and room for the inner digest. */
  readonly #outer: Buffer = Buffer.alloc(BLOCK_SIZE + DIGEST_SIZE)

  /** The key has at most 64 bytes. */
  constructor(key: Buffer) {
    this.#key = key
    for (let index = 0; index < BLOCK_SIZE; index += 1) {
      const byte = key[index] ?? 0
      this.#inner[index] = byte ^ 0x36
      this.#outer[index] = byte ^ 0x5c
    }
  }

  /** The signature of a text, in lower-case hexadecimal. */
  sign(text: string): string {
    // A character may take three bytes.
    if (text.length * 3 > TEXT_SIZE_MAX && Buffer.byteLength(text) > TEXT_SIZE_MAX) {
      return createHmac('sha256', this.#key).update(text).digest('hex')
    }
    const length = this.#inner.write(text, BLOCK_SIZE)
    this.#outer.write(hash('sha256', this.#inner.subarray(0, BLOCK_SIZE + length)), BLOCK_SIZE, 'hex')
    return hash('sha256', this.#outer)
  }
}

/** Derives the key of a scope from a secret: four HMACs (AWS: "Create a signed AWS API request", step 3). */
export function deriveSigningKey(secretAccessKey: string, scope: CredentialScope): SigningKey {
  const dateKey = hmac(`AWS4${secretAccessKey}`, scope.date)
  const serviceKey = hmac(hmac(dateKey, scope.region), scope.service)
  return new SigningKey(hmac(serviceKey, 'aws4_request'))
}

/** Compares in constant time. Anything but 64 lower-case hexadecimal digits is no match. */
export function signatureMatches(expected: string, given: string): boolean {
  return /^[0-9a-f]{64}$/.test(given) && timingSafeEqual(Buffer.from(expected, 'latin1'), Buffer.from(given, 'latin1'))
}

/**
 * Signing keys by credential, its version, day, region and service; the least recently used one goes first.
 *
 * Never keyed by the access key id: two credentials may have borne it one after the other.
 */
export class SigningKeyCache {
  readonly #sizeMax: number
  readonly #keys = new Map<string, SigningKey>()
  /** The name that is last in the map: most requests of a busy client ask for it again. */
  #newest: string | null = null

  constructor(sizeMax: number = SIGNING_KEYS_MAX) {
    this.#sizeMax = sizeMax
  }

  /** The key of this credential for this scope, derived where it is not at hand. */
  get(credential: Pick<Credential<unknown>, 'id' | 'version' | 'secretAccessKey'>, scope: CredentialScope): SigningKey {
    const name = `${measured(credential.id)}${measured(credential.version)}${measured(scope.date)}${measured(scope.region)}${scope.service}`
    const known = this.#keys.get(name)
    if (known !== undefined) {
      if (name !== this.#newest) {
        this.#keys.delete(name)
        this.#keys.set(name, known)
        this.#newest = name
      }
      return known
    }
    const key = deriveSigningKey(credential.secretAccessKey, scope)
    this.#keys.set(name, key)
    this.#newest = name
    if (this.#keys.size > this.#sizeMax) {
      for (const oldest of this.#keys.keys()) {
        this.#keys.delete(oldest)
        break
      }
    }
    return key
  }

  /** Forgets every key of a credential that was revoked. */
  drop(credentialId: string): void {
    const prefix = measured(credentialId)
    this.#newest = null
    for (const name of this.#keys.keys()) if (name.startsWith(prefix)) this.#keys.delete(name)
  }

  /** How many keys are kept. */
  get size(): number {
    return this.#keys.size
  }
}

/** Text behind its length, so that no id can be spelt to look like another id and version. */
function measured(text: string): string {
  return `${text.length}:${text}`
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
