import type { StorageErrorCode } from '../../src/errors/error-details.ts'
import type { Conditions } from '../../src/model/conditions.ts'
import type { ChecksumAlgorithm, ObjectChecksum } from '../../src/model/object-checksum.ts'
import type { ObjectHeaders } from '../../src/model/object.ts'
import type { Versioning } from '../../src/model/bucket.ts'
import type { RequestedRange } from '../../src/engine/inputs.ts'
import { md5Hex, referenceDigest } from './reference-checksums.ts'

/*
 * What S3 is, as plainly as it can be said: arrays and whole scans, no speed, no code of the engine (types only). Ids
 * of versions and uploads are handed in, because only the engine makes them.
 */

/** A refusal of the model, by the engine's code. `detail`: the failed condition. */
export class ModelError extends Error {
  readonly code: StorageErrorCode
  readonly detail: string | null
  constructor(code: StorageErrorCode, detail: string | null = null) {
    super(code)
    this.code = code
    this.detail = detail
  }
}

export interface ModelAttributes {
  readonly headers: ObjectHeaders
  readonly userMetadata: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
}

export interface ModelVersion extends ModelAttributes {
  readonly key: string
  readonly versionId: string
  readonly deleteMarker: boolean
  readonly bytes: Buffer
  readonly etag: string
  readonly checksum: ObjectChecksum | null
  /** Sizes of the parts, where it was completed from some; a copy has forgotten them. */
  readonly parts: readonly { readonly partNumber: number; readonly size: number }[] | null
  readonly createdAt: number
}

export interface ModelBucket {
  readonly name: string
  versioning: Versioning
  /** Oldest first within a key. */
  versions: ModelVersion[]
}

/** What a client claims of a body, and what becomes of the body on its way. */
export interface ModelBody {
  readonly bytes: Buffer
  readonly breaks: boolean
  readonly size?: number
  readonly md5?: string
  readonly sha256?: string
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string }
  readonly trailingChecksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string }
  readonly checksumAlgorithm?: ChecksumAlgorithm
}

export interface ModelTarget {
  readonly bucket: string
  readonly key: string
  readonly conditions: Conditions
}
export interface ModelSource extends ModelTarget {
  readonly versionId?: string
}

export const compareKeys = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** The error that a body with such claims ends in, or its digest. */
export function receive(body: ModelBody, algorithm: ChecksumAlgorithm | null): ObjectChecksum | null {
  const { bytes, size, md5, sha256, checksum, trailingChecksum } = body
  if (body.breaks) throw new ModelError('BodyBroke' as StorageErrorCode)
  if (size !== undefined && size !== bytes.length) throw new ModelError('IncompleteBody')
  if (md5 !== undefined && Buffer.from(md5, 'base64').toString('hex') !== md5Hex(bytes)) throw new ModelError('ChecksumMismatch')
  if (sha256 !== undefined && sha256 !== referenceDigest('SHA256', bytes).toString('hex')) throw new ModelError('ChecksumMismatch')
  for (const claim of [checksum, trailingChecksum]) {
    if (claim !== undefined && claim.value !== referenceDigest(claim.algorithm, bytes).toString('base64')) {
      throw new ModelError('ChecksumMismatch')
    }
  }
  const wanted = checksum?.algorithm ?? trailingChecksum?.algorithm ?? body.checksumAlgorithm ?? algorithm
  return wanted === null ? null : wholeChecksum(wanted, bytes)
}

export function wholeChecksum(algorithm: ChecksumAlgorithm, bytes: Buffer): ObjectChecksum {
  return { algorithm, type: 'FULL_OBJECT', value: referenceDigest(algorithm, bytes).toString('base64') }
}

/** RFC 9110 section 13.2.2. `reading`: what a client has already is no failure of a GET but an answer. */
export function checkConditions(conditions: Conditions, found: ModelVersion | null, reading = false): void {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions
  if (found === null || found.deleteMarker) {
    if (ifMatch !== undefined) throw new ModelError('ObjectNotFound')
    return
  }
  const seconds = (date: Date | number): number => Math.floor(Number(date) / 1000)
  const failed = (condition: string, notModified: boolean): never => {
    throw reading && notModified ? new ModelError('NotModified') : new ModelError('PreconditionFailed', condition)
  }
  if (ifMatch !== undefined && ifMatch !== '*' && !ifMatch.includes(found.etag)) failed('if-match', false)
  if (ifMatch === undefined && ifUnmodifiedSince !== undefined && seconds(found.createdAt) > seconds(ifUnmodifiedSince)) {
    failed('if-unmodified-since', false)
  }
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch === '*' || ifNoneMatch.some((tag) => tag.replace(/^W\//, '') === found.etag)) failed('if-none-match', true)
  } else if (ifModifiedSince !== undefined && seconds(found.createdAt) <= seconds(ifModifiedSince)) failed('if-modified-since', true)
}

/** Which bytes a range asks for, `end` exclusive. */
export function resolveRange(range: RequestedRange, found: ModelVersion): { start: number; end: number } {
  const size = found.bytes.length
  if ('part' in range) {
    let start = 0
    for (const part of found.parts ?? [{ partNumber: 1, size }]) {
      if (part.partNumber === range.part) return { start, end: start + part.size }
      start += part.size
    }
    throw new ModelError('InvalidRange')
  }
  const start = 'suffix' in range ? Math.max(0, size - range.suffix) : range.start
  const end = 'suffix' in range ? size : Math.min(range.end ?? size, size)
  if (start >= end) throw new ModelError('InvalidRange')
  return { start, end }
}

/** Buckets and objects. */
export class ReferenceObjects {
  readonly buckets = new Map<string, ModelBucket>()
  now = 0

  createBucket(name: string, versioning: Versioning): void {
    if (this.buckets.has(name)) throw new ModelError('BucketAlreadyExists')
    this.buckets.set(name, { name, versioning, versions: [] })
  }

  setVersioning(name: string, versioning: Versioning): void {
    this.bucket(name).versioning = versioning
  }

  deleteBucket(name: string): void {
    if (this.bucket(name).versions.length > 0) throw new ModelError('BucketNotEmpty')
    this.buckets.delete(name)
  }

  bucket(name: string): ModelBucket {
    const bucket = this.buckets.get(name)
    if (bucket === undefined) throw new ModelError('BucketNotFound')
    return bucket
  }

  versionsOf(bucket: ModelBucket, key: string): readonly ModelVersion[] {
    return bucket.versions.filter((version) => version.key === key)
  }

  /** The current version, a marker included. */
  latest(bucket: ModelBucket, key: string): ModelVersion | null {
    return this.versionsOf(bucket, key).at(-1) ?? null
  }

  /** The current object: a marker counts as none. */
  current(bucket: ModelBucket, key: string): ModelVersion | null {
    const latest = this.latest(bucket, key)
    return latest === null || latest.deleteMarker ? null : latest
  }

  /** What a write leaves behind. Where the bucket keeps no versions, or keeps no new ones, the null version is replaced. */
  write(bucket: ModelBucket, version: Omit<ModelVersion, 'versionId' | 'createdAt'>, newVersionId: string): ModelVersion {
    const versionId = bucket.versioning === 'enabled' ? newVersionId : 'null'
    const written = { ...version, versionId, createdAt: this.now }
    bucket.versions = bucket.versions.filter((old) => old.key !== version.key || old.versionId !== versionId)
    bucket.versions.push(written)
    return written
  }

  put(target: ModelTarget & ModelAttributes, body: ModelBody, newVersionId: string): ModelVersion {
    const bucket = this.bucket(target.bucket)
    const { key, headers, userMetadata, tags } = target
    const checksum = receive(body, null)
    checkConditions(target.conditions, this.current(bucket, key))
    const { bytes } = body
    const version = { key, headers, userMetadata, tags, deleteMarker: false, bytes, etag: md5Hex(bytes), checksum, parts: null }
    return this.write(bucket, version, newVersionId)
  }

  get(source: ModelSource): ModelVersion {
    const found = this.find(source)
    checkConditions(source.conditions, found, true)
    return found
  }

  find({ bucket: name, key, versionId }: ModelSource): ModelVersion {
    const bucket = this.bucket(name)
    const found =
      versionId === undefined ? this.latest(bucket, key) : this.versionsOf(bucket, key).find((version) => version.versionId === versionId)
    if (found === null) throw new ModelError('ObjectNotFound')
    if (found === undefined) throw new ModelError('VersionNotFound')
    if (found.deleteMarker)
      throw versionId === undefined ? new ModelError('ObjectNotFound') : new ModelError('DeleteMarkerFound', versionId)
    return found
  }

  copySource(source: ModelSource): ModelVersion {
    const found = this.find(source)
    checkConditions(source.conditions, found)
    return found
  }

  copy(source: ModelSource, target: ModelTarget & Partial<ModelAttributes>, newVersionId: string): ModelVersion {
    // The target's bucket is looked for first.
    const bucket = this.bucket(target.bucket)
    const from = this.copySource(source)
    checkConditions(target.conditions, this.current(bucket, target.key))
    const { bytes, etag, checksum } = from
    const { headers = from.headers, userMetadata = from.userMetadata, tags = from.tags, key } = target
    const version = { key, headers, userMetadata, tags, bytes, etag, checksum, deleteMarker: false, parts: null }
    return this.write(bucket, version, newVersionId)
  }

  delete(target: ModelSource, newVersionId: string): { versionId: string | null; deleteMarker: boolean } {
    const { key, versionId, conditions } = target
    const bucket = this.bucket(target.bucket)
    if (versionId !== undefined) {
      const found = this.versionsOf(bucket, key).find((version) => version.versionId === versionId) ?? null
      const isThere = found !== null && !found.deleteMarker
      if (!isThere && conditions.ifMatch !== undefined) throw new ModelError('VersionNotFound')
      checkConditions(conditions, found)
      bucket.versions = bucket.versions.filter((version) => version !== found)
      return { versionId, deleteMarker: found?.deleteMarker ?? false }
    }
    checkConditions(conditions, this.current(bucket, key))
    if (bucket.versioning === 'off') {
      bucket.versions = bucket.versions.filter((version) => version.key !== key)
      return { versionId: null, deleteMarker: false }
    }
    const marker = { key, headers: {}, userMetadata: {}, tags: {}, bytes: Buffer.alloc(0), etag: '', checksum: null, parts: null }
    return { versionId: this.write(bucket, { ...marker, deleteMarker: true }, newVersionId).versionId, deleteMarker: true }
  }
}
