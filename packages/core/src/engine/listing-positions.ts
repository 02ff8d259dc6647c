import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import { assert } from '../util/assert.ts'
import { secretBytes } from '../util/secret-bytes.ts'

/** A place in a listing. The tie is what else its kind needs: the sequence of a version, the id of an upload. */
export interface ListingPosition {
  readonly after: string
  readonly skipPrefix: boolean
  readonly tie: string | number | null
}

/** Which listing a sealed position belongs to: in any other it does not open. */
export interface ListingPlace {
  readonly kind: 'objects' | 'versions' | 'uploads'
  readonly bucketId: string
  readonly prefix: string
  readonly delimiter: string | null
}

/** The document that keeps the namespace's key, so that every process on one database reads what the others sealed. */
const KEY_DOCUMENT = { kind: 'listing-key', id: 'positions' } as const
const KEY_SIZE = 32
const ALGORITHM = 'aes-256-gcm'
/** Format of the text, before everything else; in what is authenticated, too. */
const FORMAT = 2
const NONCE_SIZE = 12
const TAG_SIZE = 16
/** Flags, sequence (8 bytes), and the lengths of both texts (2 bytes each). */
const HEAD_SIZE = 13
const FLAG_SKIP_PREFIX = 1
const FLAG_SEQUENCE = 2
const FLAG_TEXT_TIE = 4
/** `after` and a textual tie together, in bytes: the longest key that `limits` allow, and more than any upload's id. */
const TEXT_SIZE_MAX = 2_192
/** Every position takes as much: a length would tell of the key's. */
const CONTENT_SIZE = HEAD_SIZE + TEXT_SIZE_MAX
/** Longer than any key may be: no key is ever taken for a sealed position. */
const SEALED_LENGTH = Math.ceil(((1 + NONCE_SIZE + CONTENT_SIZE + TAG_SIZE) * 4) / 3)
const BASE64URL = /^[A-Za-z0-9_-]+$/

/** Whether a text has the form of a sealed position: whether it is one, opening it tells. */
export function isSealedForm(text: string): boolean {
  return text.length === SEALED_LENGTH && BASE64URL.test(text)
}

/**
 * Positions at rows that the caller must not hear of, as texts to be given back: encrypted and authenticated (AES-256-GCM, NIST SP
 * 800-38D, a random nonce each) under a key that the metadata store keeps. All are of one length.
 */
export class ListingPositions {
  readonly #metadata: Pick<MetadataStore, 'readDocument' | 'writeDocuments'>
  #key: Buffer | null = null

  constructor(metadata: Pick<MetadataStore, 'readDocument' | 'writeDocuments'>) {
    this.#metadata = metadata
  }

  /** The position as a text that says nothing. Makes the key, where this is the first in the namespace. */
  async seal(place: ListingPlace, position: ListingPosition): Promise<string> {
    const nonce = secretBytes(NONCE_SIZE)
    const cipher = createCipheriv(ALGORITHM, await this.#getKey(), nonce, { authTagLength: TAG_SIZE })
    cipher.setAAD(boundTo(place))
    const sealed = [cipher.update(encode(position)), cipher.final()]
    return Buffer.concat([Buffer.of(FORMAT), nonce, ...sealed, cipher.getAuthTag()]).toString('base64url')
  }

  /** The position of a text that `seal` made for this place; null for any other. */
  async open(place: ListingPlace, text: string): Promise<ListingPosition | null> {
    const bytes = isSealedForm(text) ? Buffer.from(text, 'base64url') : Buffer.alloc(0)
    // Bits that base64url leaves over may be anything: of a text that we wrote they are not.
    if (bytes[0] !== FORMAT || bytes.toString('base64url') !== text) return null
    const key = await this.#findKey()
    if (key === null) return null
    const [content, tagAt] = [1 + NONCE_SIZE, bytes.length - TAG_SIZE]
    const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(1, content), { authTagLength: TAG_SIZE })
    decipher.setAAD(boundTo(place))
    decipher.setAuthTag(bytes.subarray(tagAt))
    const opened = decipher.update(bytes.subarray(content, tagAt))
    try {
      decipher.final()
    } catch {
      return null
    }
    return decode(opened)
  }

  async #getKey(): Promise<Buffer> {
    const known = await this.#findKey()
    if (known !== null) return known
    const body = { key: secretBytes(KEY_SIZE).toString('base64url') }
    await this.#metadata.writeDocuments({ writes: [{ ...KEY_DOCUMENT, expected: null, body, sealed: null }], raisesPolicyVersion: false })
    // Ours, or that of another process that was faster.
    const key = await this.#findKey()
    assert(key !== null, 'the key of listings is gone as soon as it was made')
    return key
  }

  async #findKey(): Promise<Buffer | null> {
    if (this.#key !== null) return this.#key
    const document = await this.#metadata.readDocument(KEY_DOCUMENT)
    if (document === null) return null
    const { body } = document
    const text =
      typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Readonly<Record<string, unknown>>)['key'] : null
    const key = Buffer.from(typeof text === 'string' ? text : '', 'base64url')
    assert(key.length === KEY_SIZE, 'the document of the key of listings is damaged')
    this.#key = key
    return key
  }
}

function boundTo({ kind, bucketId, prefix, delimiter }: ListingPlace): Buffer {
  return Buffer.from(JSON.stringify(['listing position', FORMAT, kind, bucketId, prefix, delimiter]))
}

function encode({ after, skipPrefix, tie }: ListingPosition): Buffer {
  const bytes = Buffer.alloc(CONTENT_SIZE)
  const text = typeof tie === 'string' ? tie : ''
  const [afterSize, tieSize] = [Buffer.byteLength(after), Buffer.byteLength(text)]
  assert(afterSize + tieSize <= TEXT_SIZE_MAX, 'a position of a listing is longer than any key')
  bytes[0] =
    (skipPrefix ? FLAG_SKIP_PREFIX : 0) | (typeof tie === 'number' ? FLAG_SEQUENCE : 0) | (typeof tie === 'string' ? FLAG_TEXT_TIE : 0)
  bytes.writeDoubleBE(typeof tie === 'number' ? tie : 0, 1)
  bytes.writeUInt16BE(afterSize, 9)
  bytes.writeUInt16BE(tieSize, 11)
  bytes.write(after, HEAD_SIZE)
  bytes.write(text, HEAD_SIZE + afterSize)
  return bytes
}

function decode(bytes: Buffer): ListingPosition {
  const flags = bytes[0] ?? 0
  const tieAt = HEAD_SIZE + bytes.readUInt16BE(9)
  const text = bytes.toString('utf8', tieAt, tieAt + bytes.readUInt16BE(11))
  const number = (flags & FLAG_SEQUENCE) === 0 ? null : bytes.readDoubleBE(1)
  return {
    after: bytes.toString('utf8', HEAD_SIZE, tieAt),
    skipPrefix: (flags & FLAG_SKIP_PREFIX) !== 0,
    tie: (flags & FLAG_TEXT_TIE) === 0 ? number : text,
  }
}
