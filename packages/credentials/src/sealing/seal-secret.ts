import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { StorageError } from '@stowage/core'
import { secretBytes } from '../secret-bytes.ts'
import { MASTER_KEY_BYTES } from './key-provider.ts'
import type { KeyProvider, MasterKey } from './key-provider.ts'

/** What a sealed secret is bound to: as that of another document, or for another purpose, it does not open. */
export interface SealedFor {
  /** What it is for. Each purpose has a key of its own. */
  readonly purpose: string
  /** Of the document that carries it. */
  readonly id: string
}

const CIPHER = 'aes-256-gcm'
const FORMAT = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_ID = /^[A-Za-z0-9_.-]{1,64}$/

/**
 * Seals a secret under the current master key: AES-256-GCM, with a key that HKDF-SHA-256 derives for the purpose. The header
 * (format, id of the master key) is authenticated with purpose and id. Nonces are random: good for 2^32 secrets a purpose and
 * master key (NIST SP 800-38D, 8.3).
 */
export async function sealSecret(secret: Uint8Array, sealedFor: SealedFor, keys: KeyProvider): Promise<Uint8Array> {
  const master = await keys.current()
  const header = headerOf(master)
  const nonce = secretBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, derivedKey(master, sealedFor.purpose), nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(boundTo(header, sealedFor))
  const ciphertext = Buffer.concat([cipher.update(secret), cipher.final()])
  return Uint8Array.from(Buffer.concat([header, nonce, ciphertext, cipher.getAuthTag()]))
}

/**
 * Opens what `sealSecret` made. Rejects with `StoreUnavailable`, and one sentence for every reason: it was changed, belongs to
 * another document or purpose, or its master key is not there.
 */
export async function openSecret(sealed: Uint8Array, sealedFor: SealedFor, keys: KeyProvider): Promise<Uint8Array> {
  const parts = split(sealed)
  const master = parts === null ? null : await keys.byId(parts.keyId)
  if (parts === null || master === null) throw unopened()
  try {
    const key = derivedKey(master, sealedFor.purpose)
    const decipher = createDecipheriv(CIPHER, key, parts.nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(boundTo(parts.header, sealedFor))
    decipher.setAuthTag(parts.tag)
    return Buffer.concat([decipher.update(parts.ciphertext), decipher.final()])
  } catch {
    // Without a cause: which check failed is nobody's business.
    throw unopened()
  }
}

/** The same secret under the current master key; null where it is under that one already. Rejects as `openSecret` does. */
export async function resealSecret(sealed: Uint8Array, sealedFor: SealedFor, keys: KeyProvider): Promise<Uint8Array | null> {
  const { id } = await keys.current()
  const secret = await openSecret(sealed, sealedFor, keys)
  return split(sealed)?.keyId === id ? null : sealSecret(secret, sealedFor, keys)
}

function headerOf({ id }: MasterKey): Buffer {
  if (!KEY_ID.test(id)) {
    throw new StorageError('InvalidArgument', { argument: 'master key', reason: 'has an id of 1 to 64 of A-Z a-z 0-9 _ . -' })
  }
  return Buffer.concat([Buffer.from([FORMAT, id.length]), Buffer.from(id, 'latin1')])
}

function derivedKey({ bytes }: MasterKey, purpose: string): Uint8Array {
  if (bytes.byteLength !== MASTER_KEY_BYTES) {
    throw new StorageError('InvalidArgument', { argument: 'master key', reason: `has ${MASTER_KEY_BYTES} bytes` })
  }
  return new Uint8Array(hkdfSync('sha256', bytes, new Uint8Array(0), `stowage sealed secret\0${purpose}`, MASTER_KEY_BYTES))
}

/** The length before the purpose: what ends one and begins the other is no matter of choice. */
function boundTo(header: Uint8Array, { purpose, id }: SealedFor): Buffer {
  const name = Buffer.from(purpose)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(name.length)
  return Buffer.concat([header, length, name, Buffer.from(id)])
}

interface Parts {
  readonly header: Uint8Array
  readonly keyId: string
  readonly nonce: Uint8Array
  readonly ciphertext: Uint8Array
  readonly tag: Uint8Array
}

function split(sealed: Uint8Array): Parts | null {
  const [format, idLength = 0] = sealed
  const end = 2 + idLength
  const ciphertextEnd = sealed.byteLength - TAG_BYTES
  if (format !== FORMAT || ciphertextEnd < end + NONCE_BYTES) return null
  const keyId = Buffer.from(sealed.subarray(2, end)).toString('latin1')
  if (!KEY_ID.test(keyId)) return null
  return {
    header: sealed.subarray(0, end),
    keyId,
    nonce: sealed.subarray(end, end + NONCE_BYTES),
    ciphertext: sealed.subarray(end + NONCE_BYTES, ciphertextEnd),
    tag: sealed.subarray(ciphertextEnd),
  }
}

function unopened(): StorageError<'StoreUnavailable'> {
  const reason = 'a sealed secret does not open'
  const message = 'A sealed secret does not open: it was changed, or the master key that it was sealed under is not there.'
  return new StorageError('StoreUnavailable', { store: 'secrets', reason }, { message })
}
