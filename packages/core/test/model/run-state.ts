import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import type { Conditions } from '../../src/model/conditions.ts'
import type { ObjectInfo, ObjectSummary } from '../../src/model/object.ts'
import type { ExpectedContent, ObjectAttributes } from '../../src/engine/inputs.ts'
import { chunked, sampleBytes } from '../support/sample-bytes.ts'
import type { World } from '../support/world.ts'
import type { AttributesSpec, BodySpec, ClaimSpec, ConditionSpec, SourceSpec, UploadSpec } from './operation.ts'
import { md5Hex, referenceDigest } from './reference-checksums.ts'
import { ModelError } from './reference-model.ts'
import type { ModelAttributes, ModelBody, ModelSource, ModelVersion } from './reference-model.ts'
import type { ModelUpload, ReferenceModel } from './reference-uploads.ts'

/** What a run has seen, on both sides. */
export interface RunState {
  readonly world: World
  readonly model: ReferenceModel
  /** Begins the names of this run's buckets: runs share a store. */
  readonly prefix: string
  /** Every version id that was ever given out, by bucket and key. */
  readonly versionIds: Map<string, string[]>
  /** Every upload that was ever begun. */
  readonly uploads: ModelUpload[]
}

export type Outcome<T> = { readonly value: T } | { readonly error: { readonly code: string; readonly detail: string | null } }

export const bucketName = (state: RunState, bucket: number): string => `${state.prefix}-${bucket}`

/** The upload that is meant: see `UploadSpec`. */
export function uploadOf(state: RunState, spec: UploadSpec, kind: ModelUpload['kind']): ModelUpload | undefined {
  const open = state.uploads.filter(
    (upload) => upload.kind === kind && upload.completed === null && state.model.uploads.get(upload.uploadId) === upload,
  )
  // Those with parts first: Complete of nothing says little.
  const ready = open.filter((upload) => upload.parts.size > 0)
  const wanted = kind === 'parts' && ready.length > 0 && spec <= 1 ? ready : open
  if (spec <= 2 && wanted.length > 0) return wanted.at(-1 - (spec % wanted.length))
  return state.uploads[spec % Math.max(1, state.uploads.length)]
}

/** The source that is meant: see `SourceSpec.pick`. */
export function pickSource<S extends SourceSpec>(state: RunState, spec: S): S {
  const { pick = null } = spec
  if (pick === null) return spec
  const places = [0, 1, 2].flatMap((bucket) => {
    const versions = state.model.buckets.get(bucketName(state, bucket))?.versions ?? []
    return [...new Set(versions.map(({ key }) => key))].map((key) => ({ bucket, key }))
  })
  const place = places[pick % Math.max(1, places.length)]
  return place === undefined ? spec : { ...spec, ...place }
}

/**
 * Asks both, and holds the answers together. The model goes second: it is told the ids that the engine has made. Gives
 * the answers where both have one, null where both refused.
 */
export async function compare<A, E>(
  ask: () => Promise<A>,
  expect: (answer: A | null) => E,
): Promise<{ readonly actual: A; readonly expected: E } | null> {
  const actual = await outcomeOf(ask)
  const expected = await outcomeOf(async () => expect('value' in actual ? actual.value : null))
  if ('value' in actual && 'value' in expected) return { actual: actual.value, expected: expected.value }
  deepStrictEqual(describe(actual), describe(expected))
  return null
}

async function outcomeOf<T>(run: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await run() }
  } catch (error) {
    if (error instanceof ModelError) return { error: { code: error.code, detail: error.detail } }
    const { code, details } = error as {
      readonly code?: unknown
      readonly details?: { readonly condition?: string; readonly versionId?: string }
    }
    if (typeof code !== 'string') throw error
    const detail = code === 'PreconditionFailed' ? details?.condition : code === 'DeleteMarkerFound' ? details?.versionId : null
    return { error: { code, detail: detail ?? null } }
  }
}

const describe = (outcome: Outcome<unknown>): unknown => ('error' in outcome ? outcome.error : 'succeeded')

/** A fresh id where the engine gave none: the model must not be able to tell. */
export const idOr = (id: string | null | undefined): string => id ?? 'the engine refused'

export function remember(state: RunState, bucket: number, version: Pick<ObjectInfo, 'key' | 'versionId'>): void {
  const ids = seenIds(state, bucket, version.key)
  if (version.versionId !== 'null') strictEqual(ids.includes(version.versionId), false, 'a version id was given out twice')
  ids.push(version.versionId)
}

function seenIds(state: RunState, bucket: number, key: string): string[] {
  const name = `${bucket} ${key}`
  const ids = state.versionIds.get(name) ?? []
  state.versionIds.set(name, ids)
  return ids
}

/** Everything of an object that users see but its bytes. */
export function facts(info: ObjectInfo): unknown {
  const { key, versionId, deleteMarker, latest, size, etag, partCount, checksum, headers, userMetadata, tags, createdAt } = info
  // A marker has no content: whatever a store says its ETag is.
  const content = deleteMarker ? {} : { size, etag, partCount, checksum }
  const attributes = { headers: { ...headers }, userMetadata: { ...userMetadata }, tags: { ...tags } }
  return { key, versionId, deleteMarker, latest, ...content, ...attributes, createdAt: createdAt.getTime() }
}

/** Everything that a page of a bucket says of an object. */
export function summary({ key, versionId, size, etag, checksum, headers, createdAt }: ObjectSummary): unknown {
  return { key, versionId, size, etag, checksum, headers: { ...headers }, createdAt: createdAt.getTime() }
}

export function modelSummary({ key, versionId, bytes, etag, checksum, headers, createdAt }: ModelVersion): unknown {
  const kind = checksum === null ? null : { algorithm: checksum.algorithm, type: checksum.type }
  return { key, versionId, size: bytes.length, etag, checksum: kind, headers, createdAt }
}

export function modelFacts(version: ModelVersion, latest: boolean): unknown {
  const { key, versionId, deleteMarker, etag, checksum, headers, userMetadata, tags, createdAt } = version
  const content = deleteMarker ? {} : { size: version.bytes.length, etag, partCount: version.parts?.length ?? null, checksum }
  return { key, versionId, deleteMarker, latest, ...content, headers, userMetadata, tags, createdAt }
}

export const isLatest = (state: RunState, bucket: string, version: ModelVersion): boolean =>
  state.model.latest(state.model.bucket(bucket), version.key) === version

/** Turns what the run says of a source into what both are asked. */
export function resolveSource(state: RunState, { bucket, key, version, conditions }: SourceSpec): ModelSource {
  const ids = seenIds(state, bucket, key)
  const named = typeof version === 'number' ? (ids[version % Math.max(1, ids.length)] ?? 'null') : version
  const versionId = named === 'unknown' ? '01890000-0000-7000-8000-000000000000' : named
  const name = bucketName(state, bucket)
  const base = { bucket: name, key, conditions: resolveConditions(state, conditions, { bucket: name, key }) }
  return versionId === null ? base : { ...base, versionId }
}

export function resolveConditions(state: RunState, spec: ConditionSpec, at: { readonly bucket: string; readonly key: string }): Conditions {
  const bucket = state.model.buckets.get(at.bucket)
  const current = bucket === undefined ? null : state.model.current(bucket, at.key)
  const etag = current?.etag ?? '00000000000000000000000000000000'
  const tags = { current: etag, other: 'ffffffffffffffffffffffffffffffff', weak: `W/${etag}` }
  const resolve = (names: ConditionSpec['match']): '*' | string[] => (names === '*' ? '*' : (names ?? []).map((name) => tags[name]))
  const date = (seconds: number): Date => new Date((current?.createdAt ?? state.model.now) + seconds * 1000)
  return {
    ...(spec.match === undefined ? {} : { ifMatch: resolve(spec.match) }),
    ...(spec.noneMatch === undefined ? {} : { ifNoneMatch: resolve(spec.noneMatch) }),
    ...(spec.modifiedSince === undefined ? {} : { ifModifiedSince: date(spec.modifiedSince) }),
    ...(spec.unmodifiedSince === undefined ? {} : { ifUnmodifiedSince: date(spec.unmodifiedSince) }),
  }
}

export function attributesOf({ contentType, team, tag }: AttributesSpec): ModelAttributes & ObjectAttributes {
  return {
    headers: contentType === undefined ? {} : { contentType },
    userMetadata: team === undefined ? {} : { team },
    tags: tag === undefined ? {} : { tag },
  }
}

/** The same body for both: bytes and claims for the model, a source and claims for the engine. */
export function resolveBody(
  spec: BodySpec,
  claims: ClaimSpec,
): { readonly model: ModelBody; readonly engine: ExpectedContent & { readonly body: AsyncIterable<Uint8Array> | Uint8Array } } {
  const bytes = sampleBytes(spec.fill, spec.size)
  const other = Buffer.concat([bytes, Buffer.from('x')])
  const { size, md5, sha256, checksum, trailing, algorithm } = claims
  const sum = (claim: NonNullable<ClaimSpec['checksum']>): string =>
    referenceDigest(claim.algorithm, claim.right ? bytes : other).toString('base64')
  const claimed = {
    ...(size === undefined ? {} : { size: size ? bytes.length : other.length }),
    ...(md5 === undefined ? {} : { md5: Buffer.from(md5Hex(md5 ? bytes : other), 'hex').toString('base64') }),
    ...(sha256 === undefined ? {} : { sha256: referenceDigest('SHA256', sha256 ? bytes : other).toString('hex') }),
    ...(checksum === undefined ? {} : { checksum: { algorithm: checksum.algorithm, value: sum(checksum) } }),
    ...(algorithm === undefined ? {} : { checksumAlgorithm: algorithm }),
  }
  const body = spec.chunk === null ? Buffer.from(bytes) : chunked(bytes, spec.chunk, spec.breaksAt)
  const breaks = spec.breaksAt !== null
  if (trailing === undefined) return { model: { ...claimed, bytes, breaks }, engine: { ...claimed, body } }
  const value = sum(trailing)
  return {
    model: { ...claimed, bytes, breaks, trailingChecksum: { algorithm: trailing.algorithm, value } },
    engine: { ...claimed, body, trailingChecksum: { algorithm: trailing.algorithm, value: () => value } },
  }
}
