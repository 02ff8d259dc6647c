import type { BlobKey } from '../backend/blob-key.ts'

/** A blob, by the backend that holds it and its name there. */
export interface BlobRef {
  readonly backendId: string
  readonly blob: BlobKey
}

/** Frames of AES-256-GCM. A stretch may begin inside a frame: `skip` plaintext bytes of the first one are dropped. */
export interface Envelope {
  readonly scheme: string
  /** Of the data key, which is kept, wrapped, in a row of its own: wrapping it anew touches no extent. */
  readonly dataKeyId: string
  /** Makes the frames' nonces different for each stored run under one data key. */
  readonly salt: Uint8Array
  /** Plaintext bytes a frame. */
  readonly frameSize: number
  readonly firstFrame: number
  readonly skip: number
}

/** A run of an object's bytes: inside the metadata store, or a stretch of a blob. An object is a list of them. */
export type Extent = ExtentFacts & ExtentPlace

/** What is known of a run of bytes, wherever it is. */
export interface ExtentFacts {
  /** Plaintext bytes. */
  readonly length: number
  /** CRC-32C of the stored bytes of this stretch; null where a stretch was cut out of a blob and has never been read whole. */
  readonly crc32c: number | null
  /** How the stored bytes are encrypted, inline bytes too; null where they are not. */
  readonly envelope: Envelope | null
}

/** Where a run of bytes is. Offset and length in a blob are those of stored bytes, which encryption makes more than the plaintext. */
export type ExtentPlace =
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  | ({ readonly kind: 'blob'; readonly storedOffset: number; readonly storedLength: number } & BlobRef)
