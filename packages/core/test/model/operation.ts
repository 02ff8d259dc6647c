import * as fc from 'fast-check'
import type { ChecksumAlgorithm, ChecksumType } from '../../src/model/object-checksum.ts'
import type { Versioning } from '../../src/model/bucket.ts'
import type { RequestedRange } from '../../src/engine/inputs.ts'

/*
 * What happens in a run, as data: printable, so that a failure can be read, and small, so that it shrinks. Versions,
 * uploads and ETags are named by their place in what the run has seen so far.
 */

/** `fill` and `size` are the bytes; `chunk` null gives them at once, `breaksAt` breaks off behind so many. */
export interface BodySpec {
  readonly fill: number
  readonly size: number
  readonly chunk: number | null
  readonly breaksAt: number | null
}
/** Claims that are right or wrong. */
export interface ClaimSpec {
  readonly size?: boolean
  readonly md5?: boolean
  readonly sha256?: boolean
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly right: boolean }
  readonly trailing?: { readonly algorithm: ChecksumAlgorithm; readonly right: boolean }
  readonly algorithm?: ChecksumAlgorithm
}
/** Tags: that of the current object, another one, a weak one. Times: seconds relative to the current object's. */
export interface ConditionSpec {
  readonly match?: '*' | readonly TagSpec[]
  readonly noneMatch?: '*' | readonly TagSpec[]
  readonly modifiedSince?: number
  readonly unmodifiedSince?: number
}
export type TagSpec = 'current' | 'other' | 'weak'
/** Null: the current one. A number: the n-th version id that the run has seen for the key. */
export type VersionSpec = null | 'null' | 'unknown' | number
/** 0 to 2: the latest but n of those that are open; above: the n-th of all that ever were. */
export type UploadSpec = number

export interface SourceSpec {
  /** Takes the n-th key that holds something, where one does, instead of bucket and key. */
  readonly pick?: number | null
  readonly bucket: number
  readonly key: string
  readonly version: VersionSpec
  readonly conditions: ConditionSpec
}
export interface AttributesSpec {
  readonly contentType?: string
  readonly team?: string
  readonly tag?: string
}
interface At {
  readonly bucket: number
  readonly key: string
}
interface ListSpec {
  readonly bucket: number
  readonly prefix: string
  readonly delimiter: string
  readonly limit: number
}

export type Operation =
  | { readonly op: 'createBucket'; readonly bucket: number; readonly versioning: Versioning }
  | { readonly op: 'deleteBucket'; readonly bucket: number }
  | { readonly op: 'setVersioning'; readonly bucket: number; readonly versioning: 'enabled' | 'suspended' }
  | ({ readonly op: 'put' } & At & {
        readonly body: BodySpec
        readonly claims: ClaimSpec
        readonly attributes: AttributesSpec
        readonly conditions: ConditionSpec
      })
  | ({ readonly op: 'get'; readonly head: boolean; readonly range: RequestedRange | null } & SourceSpec)
  | ({ readonly op: 'delete' } & SourceSpec)
  | { readonly op: 'deleteMany'; readonly bucket: number; readonly objects: readonly SourceSpec[] }
  | ({ readonly op: 'copy' } & At & {
        readonly source: SourceSpec
        readonly conditions: ConditionSpec
        readonly replaceMetadata: AttributesSpec | null
        readonly replaceTags: boolean
      })
  | ({ readonly op: 'list'; readonly startAfter: string | null } & ListSpec)
  | ({ readonly op: 'listVersions' } & ListSpec)
  | ({ readonly op: 'listUploads' } & ListSpec)
  | ({ readonly op: 'createUpload' } & At & {
        readonly attributes: AttributesSpec
        readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly type?: ChecksumType } | null
      })
  | { readonly op: 'uploadPart'; readonly upload: UploadSpec; readonly part: number; readonly body: BodySpec; readonly wrong: boolean }
  | {
      readonly op: 'uploadPartCopy'
      readonly upload: UploadSpec
      readonly part: number
      readonly source: SourceSpec
      readonly range: { readonly start: number; readonly end: number } | null
    }
  /** `parts`: what to do with the parts that are there. */
  | {
      readonly op: 'completeUpload'
      readonly upload: UploadSpec
      readonly parts: 'all' | 'first' | 'last' | 'reversed' | 'none' | 'missing' | 'wrongEtag' | 'again'
      readonly conditions: ConditionSpec
    }
  | { readonly op: 'abortUpload'; readonly upload: UploadSpec }
  | { readonly op: 'listParts'; readonly upload: UploadSpec; readonly limit: number }
  | ({ readonly op: 'createAppend' } & At & {
        readonly attributes: AttributesSpec
        readonly size: number | null
        readonly algorithm: ChecksumAlgorithm | null
      })
  | {
      readonly op: 'append'
      readonly upload: UploadSpec
      /** Added to the true offset. */
      readonly shift: number
      readonly body: BodySpec
      readonly declares: number | null
    }
  | { readonly op: 'finishAppend'; readonly upload: UploadSpec; readonly conditions: ConditionSpec }
  | { readonly op: 'abortAppend'; readonly upload: UploadSpec }
  | { readonly op: 'advance'; readonly seconds: number }
  | { readonly op: 'collect'; readonly days: number }
  | { readonly op: 'reopen' }

const KEYS = ['a', 'a/', 'a/b', 'a/c', 'a%', 'b', '\uffff', '\u{10000}']
const ALGORITHMS: readonly ChecksumAlgorithm[] = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256']
/** Around every limit of the model's engine: 4 (parts), 64 (inline), 256 (blobs of append uploads). */
const SIZES = [0, 1, 3, 4, 5, 63, 64, 65, 130, 256, 300]

/** Null `nulls` times as often as something. */
const maybe = <T>(arbitrary: fc.Arbitrary<T>, nulls: number): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: nulls, arbitrary: fc.constant(null) }, { weight: 1, arbitrary })

/** Few places, so that operations meet: mostly the same key of the unversioned bucket. */
const bucket = fc.constantFrom(0, 0, 0, 1, 1, 2)
const key = fc.oneof({ weight: 2, arbitrary: fc.constantFrom('a', 'a', 'a/b') }, { weight: 1, arbitrary: fc.constantFrom(...KEYS) })
const algorithm = fc.constantFrom(...ALGORITHMS)
const at = { bucket, key }
const body: fc.Arbitrary<BodySpec> = fc
  .record({
    fill: fc.nat({ max: 9 }),
    size: fc.constantFrom(...SIZES),
    chunk: fc.constantFrom(null, null, 7, 64, 1000),
    breaks: maybe(fc.double({ min: 0, max: 1, noNaN: true }), 12),
  })
  .map(({ breaks, chunk, ...rest }) => {
    const broken = breaks !== null
    return { ...rest, chunk: broken ? (chunk ?? 7) : chunk, breaksAt: broken ? Math.floor(breaks * rest.size) : null }
  })
const sum = fc.record({ algorithm, right: fc.boolean() })
const claims: fc.Arbitrary<ClaimSpec> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.record({ size: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ size: fc.constant(true), md5: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ sha256: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ checksum: sum }) },
  { weight: 1, arbitrary: fc.record({ trailing: sum }) },
  { weight: 1, arbitrary: fc.record({ algorithm }) },
)
const attributes: fc.Arbitrary<AttributesSpec> = fc.record(
  { contentType: fc.constantFrom('image/png', 'text/plain'), team: fc.constantFrom('x', 'ä\t"'), tag: fc.constantFrom('', '1') },
  { requiredKeys: [] },
)
const tags = fc.oneof(
  fc.constant('*' as const),
  fc.array(fc.constantFrom<TagSpec>('current', 'other', 'weak'), { minLength: 1, maxLength: 2 }),
)
const seconds = fc.constantFrom(-2, 0, 2)
const conditions: fc.Arbitrary<ConditionSpec> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.record({ match: tags }) },
  { weight: 1, arbitrary: fc.record({ noneMatch: tags }) },
  {
    weight: 1,
    arbitrary: fc.record({ match: tags, noneMatch: tags, modifiedSince: seconds, unmodifiedSince: seconds }, { requiredKeys: [] }),
  },
)
const version: fc.Arbitrary<VersionSpec> = fc.oneof(
  { weight: 5, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constantFrom('null' as const, 'unknown' as const) },
  { weight: 3, arbitrary: fc.nat({ max: 5 }) },
)
const source: fc.Arbitrary<SourceSpec> = fc.record({ pick: fc.constantFrom(null, 0, 1, 2, 3), ...at, version, conditions })
const edge = fc.constantFrom(0, 1, 4, 63, 64, 65, 100, 300)
const range: fc.Arbitrary<RequestedRange> = fc.oneof(
  fc.tuple(edge, edge).map(([start, length]) => ({ start, end: start + length + 1 })),
  edge.map((start) => ({ start })),
  edge.map((suffix) => ({ suffix })),
  fc.integer({ min: 1, max: 4 }).map((part) => ({ part })),
)
const page = {
  bucket,
  prefix: fc.constantFrom('', '', 'a', 'a/', 'a/b', '\u{10000}', 'z'),
  delimiter: fc.constantFrom('', '/', '/', '%', 'b'),
  limit: fc.constantFrom(1, 2, 3, 1000),
}
const upload = fc.nat({ max: 4 })
const part = fc.integer({ min: 1, max: 4 })

const kinds: { [K in Operation['op']]: fc.Arbitrary<Extract<Operation, { op: K }>> } = {
  createBucket: fc.record({ op: fc.constant('createBucket'), bucket, versioning: fc.constantFrom('off', 'enabled', 'suspended') }),
  deleteBucket: fc.record({ op: fc.constant('deleteBucket'), bucket }),
  setVersioning: fc.record({ op: fc.constant('setVersioning'), bucket, versioning: fc.constantFrom('enabled', 'suspended') }),
  put: fc.record({ op: fc.constant('put'), ...at, body, claims, attributes, conditions }),
  get: source.chain((where) =>
    fc.record({ op: fc.constant('get'), head: fc.boolean(), range: maybe(range, 1) }).map((rest) => ({ ...where, ...rest })),
  ),
  delete: source.map((where) => ({ op: 'delete', ...where })),
  deleteMany: bucket.chain((of) =>
    fc.record({ op: fc.constant('deleteMany'), bucket: fc.constant(of), objects: fc.array(source, { minLength: 1, maxLength: 4 }) }),
  ),
  copy: fc.record({
    op: fc.constant('copy'),
    ...at,
    source,
    conditions,
    replaceMetadata: maybe(attributes, 1),
    replaceTags: fc.boolean(),
  }),
  list: fc.record({ op: fc.constant('list'), ...page, startAfter: maybe(fc.constantFrom(...KEYS, 'a/b/'), 1) }),
  listVersions: fc.record({ op: fc.constant('listVersions'), ...page }),
  listUploads: fc.record({ op: fc.constant('listUploads'), ...page }),
  createUpload: fc.record({
    op: fc.constant('createUpload'),
    ...at,
    attributes,
    checksum: maybe(
      fc.record({ algorithm, type: fc.constantFrom<ChecksumType>('FULL_OBJECT', 'COMPOSITE') }, { requiredKeys: ['algorithm'] }),
      1,
    ),
  }),
  uploadPart: fc.record({
    op: fc.constant('uploadPart'),
    upload,
    part,
    body,
    wrong: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  }),
  uploadPartCopy: fc.record({
    op: fc.constant('uploadPartCopy'),
    upload,
    part,
    source,
    range: maybe(
      fc.tuple(edge, edge).map(([start, length]) => ({ start, end: start + length + 1 })),
      1,
    ),
  }),
  completeUpload: fc.record({
    op: fc.constant('completeUpload'),
    upload,
    parts: fc.constantFrom('all', 'all', 'all', 'all', 'again', 'first', 'last', 'reversed', 'none', 'missing', 'wrongEtag'),
    conditions,
  }),
  abortUpload: fc.record({ op: fc.constant('abortUpload'), upload }),
  listParts: fc.record({ op: fc.constant('listParts'), upload, limit: fc.constantFrom(1, 2, 1000) }),
  createAppend: fc.record({
    op: fc.constant('createAppend'),
    ...at,
    attributes,
    size: maybe(fc.constantFrom(0, 4, 130, 256, 360), 3),
    algorithm: maybe(algorithm, 2),
  }),
  append: fc.record({
    op: fc.constant('append'),
    upload,
    shift: fc.constantFrom(0, 0, 0, 0, 0, 0, 1, -1),
    body,
    declares: maybe(fc.constantFrom(130, 256, 300), 8),
  }),
  finishAppend: fc.record({ op: fc.constant('finishAppend'), upload, conditions }),
  abortAppend: fc.record({ op: fc.constant('abortAppend'), upload }),
  advance: fc.record({ op: fc.constant('advance'), seconds: fc.constantFrom(0.25, 1, 2, 100) }),
  collect: fc.record({ op: fc.constant('collect'), days: fc.constantFrom(0, 0, 0, 8) }),
  reopen: fc.record({ op: fc.constant('reopen') }),
}

const WEIGHTS: Partial<Record<Operation['op'], number>> = {
  createBucket: 2, put: 12, get: 10, copy: 6, delete: 4, list: 4, listVersions: 2, createUpload: 5, uploadPart: 10, uploadPartCopy: 6,
  completeUpload: 8, createAppend: 4, append: 8, finishAppend: 3,
} // prettier-ignore

/** Operations in the proportion in which they find things. */
export const arbitraryOperations: readonly fc.Arbitrary<Operation>[] = Object.entries(kinds).flatMap(([name, arbitrary]) =>
  Array.from({ length: WEIGHTS[name as Operation['op']] ?? 1 }, () => arbitrary as fc.Arbitrary<Operation>),
)
