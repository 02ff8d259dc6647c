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
  #standIn: { readonly name: string; readonly key: SigningKey } | null = null

  constructor(sizeMax: number = SIGNING_KEYS_MAX) {
    this.#sizeMax = sizeMax
  }

  /** The key of this credential for this scope; undefined where it is not at hand. */
  find(credential: Keyed, scope: CredentialScope): SigningKey | undefined {
    const name = nameOf(credential, scope)
    const known = this.#keys.get(name)
    if (known !== undefined && name !== this.#newest) {
      this.#keys.delete(name)
      this.#keys.set(name, known)
      this.#newest = name
    }
    return known
  }

  /** Keeps a key that was derived, once a signature is right with it: what strangers claim must not push out what others use. */
  add(credential: Keyed, scope: CredentialScope, key: SigningKey): void {
    const name = nameOf(credential, scope)
    this.#keys.set(name, key)
    this.#newest = name
    if (this.#keys.size <= this.#sizeMax) return
    for (const oldest of this.#keys.keys()) {
      this.#keys.delete(oldest)
      break
    }
  }

  /**
   * Stands in for the key of a credential that does not exist, so that its refusal takes as long. Of one scope it is at hand, as the key of
   * a client at work is; nothing else is kept of what strangers claim. Nothing is ever accepted with it.
   */
  standIn(scope: CredentialScope): SigningKey {
    const name = nameOf(NOBODY, scope)
    if (this.#standIn?.name !== name) this.#standIn = { name, key: deriveSigningKey('there is no such key', scope) }
    return this.#standIn.key
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

type Keyed = Pick<Credential<unknown>, 'id' | 'version'>

const NOBODY: Keyed = { id: '', version: '' }

function nameOf({ id, version }: Keyed, { date, region, service }: CredentialScope): string {
  return `${measured(id)}${measured(version)}${measured(date)}${measured(region)}${service}`
}

/** Text behind its length, so that no id can be spelt to look like another id and version. */
function measured(text: string): string {
  return `${text.length}:${text}`
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
