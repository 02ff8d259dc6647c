import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import type { ByteRange } from '../../src/backend/backend.ts'
import type { OpenedObject } from '../../src/engine/inputs.ts'
import { readAll } from '../support/sample-bytes.ts'
import type { Operation } from './operation.ts'
import { ModelError, resolveRange } from './reference-model.ts'
import type { ModelSource, ModelVersion } from './reference-model.ts'
import {
  attributesOf,
  bucketName,
  compare,
  facts,
  idOr,
  isLatest,
  modelFacts,
  pickSource,
  remember,
  resolveBody,
  resolveConditions,
  resolveSource,
} from './run-state.ts'
import type { RunState } from './run-state.ts'

type Of<K extends Operation['op']> = Extract<Operation, { op: K }>

export async function createBucket({ world, model, ...state }: RunState, op: Of<'createBucket'>): Promise<void> {
  const name = bucketName({ world, model, ...state }, op.bucket)
  await compare(
    () => world.session.createBucket({ bucket: { name }, versioning: op.versioning }),
    () => model.createBucket(name, op.versioning),
  )
}

export async function deleteBucket(state: RunState, op: Of<'deleteBucket'>): Promise<void> {
  const name = bucketName(state, op.bucket)
  await compare(
    () => state.world.session.deleteBucket({ bucket: { name } }),
    () => state.model.deleteBucket(name),
  )
}

export async function setVersioning(state: RunState, { bucket, versioning }: Of<'setVersioning'>): Promise<void> {
  const name = bucketName(state, bucket)
  await compare(
    () => state.world.session.setVersioning({ bucket: { name }, versioning }),
    () => state.model.setVersioning(name, versioning),
  )
}

export async function put(state: RunState, op: Of<'put'>): Promise<void> {
  const at = { bucket: bucketName(state, op.bucket), key: op.key }
  const attributes = attributesOf(op.attributes)
  // A body that cannot be accepted and a condition that fails may be refused for either.
  const sound = op.body.breaksAt === null && Object.keys(op.claims).length === 0
  const conditions = sound ? resolveConditions(state, op.conditions, at) : {}
  const body = resolveBody(op.body, op.claims)
  const both = await compare(
    () => state.world.session.putObject({ ...at, bucket: { name: at.bucket }, ...attributes, conditions, ...body.engine }),
    (info) => state.model.put({ ...at, ...attributes, conditions }, body.model, idOr(info?.versionId)),
  )
  if (both === null) return
  deepStrictEqual(facts(both.actual), modelFacts(both.expected, true))
  remember(state, op.bucket, both.actual)
}

export async function get(state: RunState, op: Of<'get'>): Promise<void> {
  const source = resolveSource(state, pickSource(state, op))
  const { session } = state.world
  const input = { ...engineSource(source), ...(op.range === null ? {} : { range: op.range }) }
  const both = await compare(
    async (): Promise<{ readonly found: Omit<OpenedObject, 'open' | 'bytes' | 'close' | 'directUrl'>; readonly bytes: Buffer | null }> => {
      if (op.head) return { found: await session.headObject(input), bytes: null }
      const found = await session.getObject(input)
      return { found, bytes: await bytesOf(found) }
    },
    () => {
      const version = state.model.get(source)
      return { version, range: op.range === null ? null : resolveRange(op.range, version) }
    },
  )
  if (both === null) return
  const { version, range } = both.expected
  checkFound({ version, range, latest: isLatest(state, source.bucket, version) }, both.actual)
}

/** Both ways to the bytes must agree: those at hand, and the stream. */
export async function bytesOf(found: OpenedObject): Promise<Buffer> {
  const atHand = found.bytes
  const streamed = await readAll(await found.open())
  if (atHand !== null) deepStrictEqual(Buffer.from(atHand), streamed)
  return streamed
}

export function checkFound(
  expected: { readonly version: ModelVersion; readonly range: ByteRange | null; readonly latest: boolean },
  { found, bytes }: { readonly found: Omit<OpenedObject, 'open' | 'bytes' | 'close' | 'directUrl'>; readonly bytes: Buffer | null },
): void {
  const { version, range, latest } = expected
  deepStrictEqual(facts(found.info), modelFacts(version, latest))
  const whole = range ?? { start: 0, end: version.bytes.length }
  deepStrictEqual({ range: found.range, length: found.length }, { range, length: whole.end - whole.start })
  if (bytes !== null) deepStrictEqual(bytes, version.bytes.subarray(whole.start, whole.end))
}

export function engineSource({ bucket, key, versionId, conditions }: ModelSource): {
  readonly bucket: { readonly name: string }
  readonly key: string
  readonly versionId?: string
  readonly conditions: ModelSource['conditions']
} {
  return { bucket: { name: bucket }, key, conditions, ...(versionId === undefined ? {} : { versionId }) }
}

export async function copy(state: RunState, op: Of<'copy'>): Promise<void> {
  const at = { bucket: bucketName(state, op.bucket), key: op.key }
  const source = resolveSource(state, pickSource(state, op.source))
  const { headers, userMetadata, tags } = attributesOf(op.replaceMetadata ?? {})
  const metadata = op.replaceMetadata === null ? {} : { headers, userMetadata }
  const replaced = { ...metadata, ...(op.replaceTags ? { tags } : {}) }
  const conditions = resolveConditions(state, op.conditions, at)
  const toItself = source.bucket === at.bucket && source.key === at.key && source.versionId === undefined
  const both = await compare(
    () =>
      state.world.session.copyObject({
        ...at,
        bucket: { name: at.bucket },
        source: engineSource(source),
        conditions,
        ...replaced,
        metadataDirective: op.replaceMetadata === null ? 'COPY' : 'REPLACE',
        taggingDirective: op.replaceTags ? 'REPLACE' : 'COPY',
      }),
    (copied) => {
      if (toItself && op.replaceMetadata === null && !op.replaceTags) throw new ModelError('InvalidArgument')
      state.model.bucket(at.bucket)
      const from = state.model.copySource(source)
      return { from, to: state.model.copy(source, { ...at, conditions, ...replaced }, idOr(copied?.info.versionId)) }
    },
  )
  if (both === null) return
  deepStrictEqual(facts(both.actual.info), modelFacts(both.expected.to, true))
  strictEqual(both.actual.sourceVersionId, both.expected.from.versionId)
  remember(state, op.bucket, both.actual.info)
}

export async function deleteOne(state: RunState, spec: Of<'delete'>): Promise<void> {
  const op = pickSource(state, spec)
  const source = resolveSource(state, op)
  const both = await compare(
    () => state.world.session.deleteObject(engineSource(source)),
    (deleted) => state.model.delete(source, idOr(deleted?.versionId)),
  )
  if (both === null) return
  deepStrictEqual({ ...both.actual }, both.expected)
  rememberMarker(state, op, both.actual)
}

function rememberMarker(
  state: RunState,
  at: { readonly bucket: number; readonly key: string; readonly version: unknown },
  deleted: { readonly versionId: string | null; readonly deleteMarker: boolean },
): void {
  if (at.version === null && deleted.deleteMarker && deleted.versionId !== null) {
    remember(state, at.bucket, { key: at.key, versionId: deleted.versionId })
  }
}

export async function deleteMany(state: RunState, op: Of<'deleteMany'>): Promise<void> {
  const sources = op.objects.map((object) => resolveSource(state, { ...object, bucket: op.bucket }))
  const name = bucketName(state, op.bucket)
  const both = await compare(
    () => state.world.session.deleteObjects({ bucket: { name }, objects: sources.map((source) => engineSource(source)) }),
    (results) => {
      state.model.bucket(name)
      return sources.map((source, at) => {
        const asked = { key: source.key, requestedVersionId: source.versionId ?? null }
        try {
          return { ...asked, deleted: state.model.delete(source, idOr(results?.[at]?.deleted?.versionId)), error: null }
        } catch (error) {
          if (!(error instanceof ModelError)) throw error
          return { ...asked, deleted: null, error: error.code }
        }
      })
    },
  )
  if (both === null) return
  const actual = both.actual.map((result) => ({ ...result, error: (result.error as { readonly code?: string } | null)?.code ?? null }))
  deepStrictEqual(actual, both.expected)
  for (const [at, object] of op.objects.entries()) {
    const deleted = both.actual[at]?.deleted
    if (deleted !== null && deleted !== undefined) rememberMarker(state, { ...object, bucket: op.bucket }, deleted)
  }
}
