import type { ChecksumAlgorithm, ChecksumType, ObjectChecksum } from '../../src/model/object-checksum.ts'
import type { CompletedPart } from '../../src/metadata/commands.ts'
import { md5Hex, partsEtag, referenceDigest } from './reference-checksums.ts'
import { checkConditions, ModelError, receive, ReferenceObjects, resolveRange, wholeChecksum } from './reference-model.ts'
import type { ModelAttributes, ModelBody, ModelBucket, ModelSource, ModelTarget, ModelVersion } from './reference-model.ts'

export interface ModelPart {
  readonly partNumber: number
  readonly bytes: Buffer
  readonly etag: string
  readonly checksum: ObjectChecksum | null
  readonly createdAt: number
}

export interface ModelUpload extends ModelAttributes {
  readonly uploadId: string
  readonly kind: 'parts' | 'append'
  readonly bucket: ModelBucket
  readonly key: string
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType } | null
  readonly parts: Map<number, ModelPart>
  readonly createdAt: number
  expiresAt: number
  appended: Buffer
  declaredSize: number | null
  /** Set by Complete: what a replay gives again, and for which list of parts. */
  completed: { readonly object: ModelVersion; readonly asked: string } | null
}

export interface ModelUploadTarget {
  readonly bucket: string
  readonly key: string
  readonly uploadId: string
}

export interface ReferenceLimits {
  readonly partSizeMin: number
  readonly uploadExpirySeconds: number
}

type NewUpload = ModelAttributes & { readonly bucket: string; readonly key: string; readonly uploadId: string }

/** Uploads of both kinds, over buckets and objects. */
export class ReferenceModel extends ReferenceObjects {
  readonly uploads = new Map<string, ModelUpload>()
  readonly #limits: ReferenceLimits

  constructor(limits: ReferenceLimits) {
    super()
    this.#limits = limits
  }

  override deleteBucket(name: string): void {
    const bucket = this.bucket(name)
    super.deleteBucket(name)
    for (const upload of this.uploads.values()) if (upload.bucket === bucket) this.uploads.delete(upload.uploadId)
  }

  createUpload(input: NewUpload & { readonly checksum: { algorithm: ChecksumAlgorithm; type?: ChecksumType } | null }): ModelUpload {
    const { algorithm, type } = input.checksum ?? {}
    const bucket = (): ModelBucket => this.bucket(input.bucket)
    if (algorithm === undefined) return this.#addUpload('parts', { ...input, bucket: bucket(), checksum: null })
    const composite = { CRC32: 'both', CRC32C: 'both', CRC64NVME: 'no', SHA1: 'yes', SHA256: 'yes' }[algorithm]
    const fits = type === undefined || composite === 'both' || (composite === 'yes') === (type === 'COMPOSITE')
    if (!fits) throw new ModelError('InvalidArgument')
    const resolved = type ?? (composite === 'no' ? 'FULL_OBJECT' : 'COMPOSITE')
    return this.#addUpload('parts', { ...input, bucket: bucket(), checksum: { algorithm, type: resolved } })
  }

  uploadPart(target: ModelUploadTarget, partNumber: number, body: ModelBody): ModelPart {
    const upload = this.#open(target, 'parts')
    const checksum = receive(body, upload.checksum?.algorithm ?? null)
    return this.#keepPart(upload, partNumber, { bytes: body.bytes, checksum })
  }

  uploadPartCopy(
    target: ModelUploadTarget,
    partNumber: number,
    source: ModelSource & { range?: { start: number; end: number } },
  ): ModelPart {
    const upload = this.#open(target, 'parts')
    const from = this.copySource(source)
    const range = source.range
    if (range !== undefined && range.end > from.bytes.length) throw new ModelError('InvalidRange')
    const { start, end } = range === undefined ? { start: 0, end: from.bytes.length } : resolveRange(range, from)
    const bytes = from.bytes.subarray(start, end)
    const algorithm = upload.checksum?.algorithm
    return this.#keepPart(upload, partNumber, { bytes, checksum: algorithm === undefined ? null : wholeChecksum(algorithm, bytes) })
  }

  completeUpload(target: ModelUploadTarget & ModelTarget, parts: readonly CompletedPart[], newVersionId: string): ModelVersion {
    if (parts.length === 0) throw new ModelError('InvalidArgument')
    const disorder = parts.some((part, at) => at > 0 && part.partNumber <= (parts[at - 1]?.partNumber ?? 0))
    if (disorder) throw new ModelError('InvalidPartOrder')
    const bucket = this.bucket(target.bucket)
    const upload = this.#find(target, 'parts')
    const asked = JSON.stringify(parts.map(({ partNumber, etag, checksum }) => [partNumber, etag, checksum?.value]))
    if (upload.completed !== null) {
      if (upload.completed.asked !== asked) throw new ModelError('UploadNotFound')
      return upload.completed.object
    }
    checkConditions(target.conditions, this.current(bucket, upload.key))
    const named = parts.map((part) => this.#verified(upload, part))
    for (const part of named.slice(0, -1)) if (part.bytes.length < this.#limits.partSizeMin) throw new ModelError('PartTooSmall')
    const bytes = Buffer.concat(named.map((part) => part.bytes))
    const content = { bytes, etag: partsEtag(named.map((part) => part.bytes)), checksum: checksumOf(upload, named) }
    const sizes = named.map((part) => ({ partNumber: part.partNumber, size: part.bytes.length }))
    const { headers, userMetadata, tags, key } = upload
    const version = { key, headers, userMetadata, tags, deleteMarker: false, ...content, parts: sizes }
    const object = this.write(bucket, version, newVersionId)
    upload.completed = { object, asked }
    return object
  }

  abortUpload(target: ModelUploadTarget, kind: ModelUpload['kind']): void {
    this.uploads.delete(this.#open(target, kind).uploadId)
  }

  listParts(target: ModelUploadTarget): readonly ModelPart[] {
    return [...this.#open(target, 'parts').parts.values()].sort((a, b) => a.partNumber - b.partNumber)
  }

  /** Open ones of kind `parts`, by key and then by id: ids sort by the time they were made. */
  openUploads(bucketName: string): readonly ModelUpload[] {
    const bucket = this.bucket(bucketName)
    return [...this.uploads.values()]
      .filter((upload) => upload.bucket === bucket && upload.kind === 'parts' && upload.completed === null)
      .sort((a, b) => Buffer.compare(Buffer.from(a.uploadId), Buffer.from(b.uploadId)))
  }

  createAppendUpload(
    input: NewUpload & { readonly size: number | null; readonly checksumAlgorithm: ChecksumAlgorithm | null },
  ): ModelUpload {
    const { checksumAlgorithm: algorithm } = input
    const checksum = algorithm === null ? null : ({ algorithm, type: 'FULL_OBJECT' } as const)
    return this.#addUpload('append', { ...input, bucket: this.bucket(input.bucket), checksum, declaredSize: input.size })
  }

  /** Refuses what cannot be appended there. True where it may; false where nothing was sent to an upload that is finished. */
  checkAppend(target: ModelUploadTarget, input: { offset: number; length: number; empty: boolean; uploadSize?: number }): boolean {
    const upload = this.#find(target, 'append')
    const { appended, declaredSize, completed } = upload
    if (completed !== null && (!input.empty || input.offset !== appended.length)) throw new ModelError('UploadNotFound')
    if (input.offset !== appended.length) throw new ModelError('OffsetMismatch')
    const declared = declaredSize ?? input.uploadSize ?? null
    if (input.uploadSize !== undefined && (declared !== input.uploadSize || declared < appended.length))
      throw new ModelError('InvalidArgument')
    if (declared !== null && appended.length + input.length > declared) throw new ModelError('ObjectTooLarge')
    return completed === null
  }

  keepAppended(upload: ModelUpload, bytes: Buffer, uploadSize?: number): void {
    upload.appended = Buffer.concat([upload.appended, bytes])
    upload.declaredSize ??= uploadSize ?? null
    upload.expiresAt = this.now + this.#limits.uploadExpirySeconds * 1000
  }

  getAppendUpload(target: ModelUploadTarget): { offset: number; size: number | null } {
    const upload = this.#find(target, 'append')
    const offset = upload.appended.length
    return { offset, size: upload.completed === null ? upload.declaredSize : offset }
  }

  finishAppendUpload(target: ModelUploadTarget & ModelTarget, newVersionId: string): ModelVersion {
    const upload = this.#find(target, 'append')
    if (upload.completed !== null) return upload.completed.object
    const { headers, userMetadata, tags, key, appended: bytes, declaredSize } = upload
    if (declaredSize !== null && declaredSize !== bytes.length) throw new ModelError('IncompleteBody')
    checkConditions(target.conditions, this.current(upload.bucket, key))
    const checksum = upload.checksum === null ? null : wholeChecksum(upload.checksum.algorithm, bytes)
    const version = { key, headers, userMetadata, tags, deleteMarker: false, bytes, etag: md5Hex(bytes), checksum, parts: null }
    const object = this.write(upload.bucket, version, newVersionId)
    upload.completed = { object, asked: '' }
    return object
  }

  /** What the collector does to uploads: those past their time are aborted, old answers are forgotten. */
  expireUploads(): void {
    for (const upload of this.uploads.values()) {
      if (upload.expiresAt <= this.now) this.uploads.delete(upload.uploadId)
    }
  }

  #addUpload(
    kind: ModelUpload['kind'],
    input: ModelAttributes & Pick<ModelUpload, 'uploadId' | 'bucket' | 'key' | 'checksum'> & { readonly declaredSize?: number | null },
  ): ModelUpload {
    const { uploadId, bucket, key, checksum, headers, userMetadata, tags, declaredSize = null } = input
    const expiresAt = this.now + this.#limits.uploadExpirySeconds * 1000
    const facts = { uploadId, kind, bucket, key, checksum, headers, userMetadata, tags, declaredSize, expiresAt, createdAt: this.now }
    const upload = { ...facts, parts: new Map<number, ModelPart>(), appended: Buffer.alloc(0), completed: null }
    this.uploads.set(uploadId, upload)
    return upload
  }

  #find({ bucket: name, key, uploadId }: ModelUploadTarget, kind: ModelUpload['kind']): ModelUpload {
    const bucket = this.bucket(name)
    const upload = this.uploads.get(uploadId)
    if (upload === undefined || upload.kind !== kind || upload.bucket !== bucket || upload.key !== key) {
      throw new ModelError('UploadNotFound')
    }
    return upload
  }

  #open(target: ModelUploadTarget, kind: ModelUpload['kind']): ModelUpload {
    const upload = this.#find(target, kind)
    if (upload.completed !== null) throw new ModelError('UploadNotFound')
    return upload
  }

  #keepPart(upload: ModelUpload, partNumber: number, { bytes, checksum }: { bytes: Buffer; checksum: ObjectChecksum | null }): ModelPart {
    const part = { partNumber, bytes, etag: md5Hex(bytes), checksum, createdAt: this.now }
    upload.parts.set(partNumber, part)
    return part
  }

  #verified(upload: ModelUpload, asked: CompletedPart): ModelPart {
    const part = upload.parts.get(asked.partNumber)
    const fits = part?.etag === asked.etag && (asked.checksum === undefined || asked.checksum.value === part.checksum?.value)
    if (part === undefined || !fits) throw new ModelError('InvalidPart')
    return part
  }
}

function checksumOf(upload: ModelUpload, parts: readonly ModelPart[]): ObjectChecksum | null {
  if (upload.checksum === null) return null
  const { algorithm, type } = upload.checksum
  if (type === 'FULL_OBJECT') return wholeChecksum(algorithm, Buffer.concat(parts.map((part) => part.bytes)))
  const digests = Buffer.concat(parts.map((part) => referenceDigest(algorithm, part.bytes)))
  return { algorithm, type, value: `${referenceDigest(algorithm, digests).toString('base64')}-${parts.length}` }
}
