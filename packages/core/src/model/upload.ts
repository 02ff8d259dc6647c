import type { ChecksumAlgorithm, ChecksumType, ObjectChecksum } from './object-checksum.ts'
import type { Extent } from './extent.ts'
import type { ObjectHeaders, Retention } from './object.ts'

/** `parts`: numbered, in any order (S3 multipart). `append`: one growing run of bytes (TUS). */
export type UploadKind = 'parts' | 'append'

/** An upload that is not finished yet: what the object will be, and how far it has come. */
export interface UploadInfo {
  readonly uploadId: string
  readonly kind: UploadKind
  readonly bucketId: string
  readonly key: string
  readonly headers: ObjectHeaders
  readonly userMetadata: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
  readonly ownerId: string | null
  /** Whose user `ownerId` is; null where that is an account itself, or nobody. */
  readonly ownerAccount: string | null
  readonly retention: Retention | null
  readonly legalHold: boolean
  /** What the parts, or the whole of an append upload, are summed by; null where the client asked for nothing. */
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType } | null
  /** Of an append upload: how long it will be, where the client has said so. */
  readonly declaredSize: number | null
  /** Of an append upload: bytes that are durable. 0 for parts. */
  readonly offset: number
  readonly createdAt: Date
  /** Nobody has to finish it after this time. */
  readonly expiresAt: Date
}

/** One part, as ListParts shows it; its facts outlive Complete. */
export interface PartInfo {
  readonly partNumber: number
  readonly size: number
  /** MD5 in hex. */
  readonly etag: string
  readonly checksum: ObjectChecksum | null
  readonly createdAt: Date
}

/** A part with where its bytes are. */
export interface PartRecord extends PartInfo {
  readonly extents: readonly Extent[]
}
