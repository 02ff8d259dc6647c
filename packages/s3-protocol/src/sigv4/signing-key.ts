import type { Buffer } from 'node:buffer'
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { Buffer as Bytes } from 'node:buffer'
import type { CredentialScope } from './credential-scope.ts'
import type { Credential } from './credentials.ts'

/** The most signing keys that are kept. One is a few hundred bytes. */
const SIGNING_KEYS_MAX = 4096

/** Derives the key of a scope from a secret: four HMACs (AWS: "Create a signed AWS API request", step 3). */
export function deriveSigningKey(secretAccessKey: string, scope: CredentialScope): KeyObject {
  const dateKey = hmac(`AWS4${secretAccessKey}`, scope.date)
  const serviceKey = hmac(hmac(dateKey, scope.region), scope.service)
  // A KeyObject, because createHmac makes one from a Buffer at every call, which costs more than the HMAC itself.
  return createSecretKey(hmac(serviceKey, 'aws4_request'))
}

/** The signature of a string to sign. */
export function sign(key: KeyObject, stringToSign: string): Buffer {
  return createHmac('sha256', key).update(stringToSign).digest()
}

/** Compares in constant time. Anything but 64 lower-case hexadecimal digits is no match. */
export function signatureMatches(expected: Buffer, given: string): boolean {
  return /^[0-9a-f]{64}$/.test(given) && timingSafeEqual(expected, Bytes.from(given, 'hex'))
}

/**
 * Signing keys by credential, its version, day, region and service; the least recently used one goes first.
 *
 * Never keyed by the access key id: two credentials may have borne it one after the other.
 */
export class SigningKeyCache {
  readonly #sizeMax: number
  readonly #keys = new Map<string, KeyObject>()
  /** The name that is last in the map: most requests of a busy client ask for it again. */
  #newest: string | null = null

  constructor(sizeMax: number = SIGNING_KEYS_MAX) {
    this.#sizeMax = sizeMax
  }

  /** The key of this credential for this scope, derived where it is not at hand. */
  get(credential: Pick<Credential<unknown>, 'id' | 'version' | 'secretAccessKey'>, scope: CredentialScope): KeyObject {
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
