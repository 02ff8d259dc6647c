import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import type { ListedVersions } from '../../src/engine/inputs.ts'
import type { Operation } from './operation.ts'
import { modelUploadFacts, uploadFacts } from './perform-uploads.ts'
import { naiveListing } from './reference-listing.ts'
import type { Line } from './reference-listing.ts'
import { compareKeys } from './reference-model.ts'
import type { ModelVersion } from './reference-model.ts'
import type { ModelUpload } from './reference-uploads.ts'
import { bucketName, compare, facts, modelFacts, modelSummary, summary } from './run-state.ts'
import type { RunState } from './run-state.ts'

type Of<K extends Operation['op']> = Extract<Operation, { op: K }>

/** A page as it should be, out of everything that is behind its position. */
interface ExpectedPage<T> {
  readonly entries: readonly T[]
  readonly prefixes: readonly string[]
  readonly last: string | null
  readonly truncated: boolean
}

function cutPage<T>(lines: readonly Line<T>[], limit: number): ExpectedPage<T> {
  const page = lines.slice(0, limit)
  return {
    entries: page.flatMap(({ entry }) => (entry === null ? [] : [entry])),
    prefixes: page.flatMap(({ name, entry }) => (entry === null ? [name] : [])),
    last: page.at(-1)?.name ?? null,
    truncated: limit > 0 && lines.length > limit,
  }
}

/** Where the next page begins, on both sides. */
interface ListPlace {
  readonly token: string | null
  readonly after: string | null
}

/** All pages, each held against the model's. */
export async function list(state: RunState, op: Of<'list'>): Promise<void> {
  let place: ListPlace | null = { token: null, after: op.startAfter }
  while (place !== null) place = await listPage(state, op, place)
}

async function listPage(state: RunState, op: Of<'list'>, { token, after }: ListPlace): Promise<ListPlace | null> {
  const name = bucketName(state, op.bucket)
  const { prefix, delimiter, limit, startAfter } = op
  const both = await compare(
    () =>
      state.world.session.listObjects({
        bucket: { name },
        prefix,
        delimiter,
        limit,
        ...(startAfter === null ? {} : { startAfter }),
        ...(token === null ? {} : { continuationToken: token }),
      }),
    () => {
      const bucket = state.model.bucket(name)
      const current = [...new Set(bucket.versions.map((version) => version.key))].flatMap((key) => state.model.current(bucket, key) ?? [])
      return cutPage(naiveListing(current, { prefix, delimiter, after }), limit)
    },
  )
  if (both === null) return null
  const { actual, expected } = both
  deepStrictEqual(actual.objects.map(summary), expected.entries.map(modelSummary))
  deepStrictEqual(actual.commonPrefixes, expected.prefixes)
  strictEqual(actual.truncated, expected.truncated)
  strictEqual(actual.nextToken !== null, expected.truncated)
  strictEqual(actual.nextMarker, expected.truncated ? expected.last : null)
  return actual.nextToken === null ? null : { token: actual.nextToken, after: expected.last }
}

export async function listVersions(state: RunState, op: Of<'listVersions'>): Promise<void> {
  const name = bucketName(state, op.bucket)
  const { prefix, delimiter, limit } = op
  let markers: { readonly keyMarker?: string; readonly versionIdMarker?: string } | null = {}
  let last: Line<ModelVersion> | null = null
  for (let pages = 0; markers !== null; pages += 1) {
    const from: { readonly keyMarker?: string; readonly versionIdMarker?: string } = markers
    const behind: Line<ModelVersion> | null = last
    const both = await compare(
      (): Promise<ListedVersions> => state.world.session.listVersions({ bucket: { name }, prefix, delimiter, limit, ...from }),
      () => {
        const lines = versionLines(state, name, { prefix, delimiter, behind })
        return { page: cutPage(lines, limit), last: lines[limit - 1] ?? null }
      },
    )
    if (both === null) return
    const { actual } = both
    const { page } = both.expected
    deepStrictEqual(
      actual.versions.map(facts),
      page.entries.map((version) => modelFacts(version, state.model.latest(state.model.bucket(name), version.key) === version)),
    )
    deepStrictEqual(actual.commonPrefixes, page.prefixes)
    strictEqual(actual.truncated, page.truncated)
    last = both.expected.last
    markers = nextMarkers(actual, last, pages % 2 === 1)
  }
}

/** Every other page begins behind the version's own id, which is as good a marker as the one that was handed out. */
function nextMarkers(
  { truncated, nextKeyMarker, nextVersionIdMarker }: ListedVersions,
  last: Line<ModelVersion> | null,
  byId: boolean,
): { readonly keyMarker: string; readonly versionIdMarker?: string } | null {
  strictEqual(nextKeyMarker !== null, truncated)
  if (nextKeyMarker === null) return null
  strictEqual(nextKeyMarker, last?.name)
  const id = byId && last?.entry != null ? last.entry.versionId : nextVersionIdMarker
  return id === null ? { keyMarker: nextKeyMarker } : { keyMarker: nextKeyMarker, versionIdMarker: id }
}

interface VersionQuestion {
  readonly prefix: string
  readonly delimiter: string
  readonly behind: Line<ModelVersion> | null
}

/** Newest first within a key; behind a version are those older than it. */
function versionLines(state: RunState, name: string, { prefix, delimiter, behind }: VersionQuestion): readonly Line<ModelVersion>[] {
  const versions = state.model.bucket(name).versions.toReversed()
  const at = behind?.entry == null ? Infinity : versions.indexOf(behind.entry)
  return naiveListing(versions, {
    prefix,
    delimiter,
    after: behind?.name ?? null,
    behind: (version) => versions.indexOf(version) > at,
  })
}

interface UploadsPlace {
  readonly keyMarker?: string
  readonly uploadIdMarker?: string
}

export async function listUploads(state: RunState, op: Of<'listUploads'>): Promise<void> {
  let place: UploadsPlace | null = {}
  while (place !== null) place = await listUploadsPage(state, op, place)
}

async function listUploadsPage(state: RunState, op: Of<'listUploads'>, from: UploadsPlace): Promise<UploadsPlace | null> {
  const name = bucketName(state, op.bucket)
  const { prefix, delimiter, limit } = op
  const both = await compare(
    () => state.world.session.listUploads({ bucket: { name }, prefix, delimiter, limit, ...from }),
    () => {
      const { keyMarker = null, uploadIdMarker } = from
      const behind = (upload: ModelUpload): boolean => uploadIdMarker !== undefined && compareKeys(upload.uploadId, uploadIdMarker) > 0
      return cutPage(naiveListing(state.model.openUploads(name), { prefix, delimiter, after: keyMarker, behind }), limit)
    },
  )
  if (both === null) return null
  const { actual, expected } = both
  deepStrictEqual(actual.uploads.map(uploadFacts), expected.entries.map(modelUploadFacts))
  deepStrictEqual(actual.commonPrefixes, expected.prefixes)
  strictEqual(actual.truncated, expected.truncated)
  const { nextKeyMarker: key, nextUploadIdMarker: id } = actual
  strictEqual(key, expected.truncated ? expected.last : null)
  if (key === null) return null
  return id === null ? { keyMarker: key } : { keyMarker: key, uploadIdMarker: id }
}
