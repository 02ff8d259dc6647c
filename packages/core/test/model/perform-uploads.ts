import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import type { CompletedPart } from '../../src/metadata/commands.ts'
import type { PartInfo, UploadInfo } from '../../src/model/upload.ts'
import type { Operation } from './operation.ts'
import { engineSource } from './perform-objects.ts'
import {
  attributesOf,
  bucketName,
  compare,
  facts,
  idOr,
  modelFacts,
  pickSource,
  remember,
  resolveBody,
  resolveConditions,
  resolveSource,
  uploadOf,
} from './run-state.ts'
import type { RunState } from './run-state.ts'
import { ModelError } from './reference-model.ts'
import type { ModelPart, ModelUpload, ModelUploadTarget } from './reference-uploads.ts'

type Of<K extends Operation['op']> = Extract<Operation, { op: K }>

/** The n-th upload, or one that never was. */
function targetOf(
  state: RunState,
  spec: number,
  kind: ModelUpload['kind'] = 'parts',
): { readonly model: ModelUploadTarget; readonly upload: ModelUpload | undefined } {
  const upload = uploadOf(state, spec, kind)
  const nobody = { bucket: bucketName(state, 0), key: 'a', uploadId: '01890000-0000-7000-8000-000000000001' }
  const model = upload === undefined ? nobody : { bucket: upload.bucket.name, key: upload.key, uploadId: upload.uploadId }
  return { model, upload }
}

const engineTarget = ({ bucket, key, uploadId }: ModelUploadTarget): { bucket: { name: string }; key: string; uploadId: string } => ({
  bucket: { name: bucket },
  key,
  uploadId,
})

const bucketIndex = (state: RunState, target: ModelUploadTarget): number => Number(target.bucket.slice(state.prefix.length + 1))

export async function createUpload(state: RunState, op: Of<'createUpload'>): Promise<void> {
  const at = { bucket: bucketName(state, op.bucket), key: op.key }
  const attributes = attributesOf(op.attributes)
  const checksum = op.checksum
  const both = await compare(
    () =>
      state.world.session.createUpload({
        ...at,
        bucket: { name: at.bucket },
        ...attributes,
        ...(checksum === null ? {} : { checksum }),
      }),
    (upload) => state.model.createUpload({ ...at, ...attributes, checksum, uploadId: idOr(upload?.uploadId) }),
  )
  if (both !== null) begun(state, both.actual, both.expected)
}

export async function createAppend(state: RunState, op: Of<'createAppend'>): Promise<void> {
  const at = { bucket: bucketName(state, op.bucket), key: op.key }
  const attributes = attributesOf(op.attributes)
  const { size, algorithm: checksumAlgorithm } = op
  const both = await compare(
    () =>
      state.world.session.createAppendUpload({
        ...at,
        bucket: { name: at.bucket },
        ...attributes,
        ...(size === null ? {} : { size }),
        ...(checksumAlgorithm === null ? {} : { checksumAlgorithm }),
      }),
    (upload) => state.model.createAppendUpload({ ...at, ...attributes, size, checksumAlgorithm, uploadId: idOr(upload?.uploadId) }),
  )
  if (both !== null) begun(state, both.actual, both.expected)
}

function begun(state: RunState, actual: UploadInfo, expected: ModelUpload): void {
  strictEqual(
    state.uploads.some((upload) => upload.uploadId === actual.uploadId),
    false,
    'an upload id was given out twice',
  )
  deepStrictEqual(uploadFacts(actual), modelUploadFacts(expected))
  state.uploads.push(expected)
}

export function uploadFacts(upload: UploadInfo): unknown {
  const { uploadId, kind, key, headers, userMetadata, tags, checksum, declaredSize, createdAt, expiresAt } = upload
  const times = { createdAt: createdAt.getTime(), expiresAt: expiresAt.getTime() }
  return {
    uploadId,
    kind,
    key,
    headers: { ...headers },
    userMetadata: { ...userMetadata },
    tags: { ...tags },
    checksum,
    declaredSize,
    ...times,
  }
}

export function modelUploadFacts(upload: ModelUpload): unknown {
  const { uploadId, kind, key, headers, userMetadata, tags, checksum, declaredSize, createdAt, expiresAt } = upload
  return { uploadId, kind, key, headers, userMetadata, tags, checksum, declaredSize, createdAt, expiresAt }
}

function partFacts(part: PartInfo): unknown {
  const { partNumber, size, etag, checksum, createdAt } = part
  return { partNumber, size, etag, checksum, createdAt: createdAt.getTime() }
}

function modelPartFacts({ partNumber, bytes, etag, checksum, createdAt }: ModelPart): unknown {
  return { partNumber, size: bytes.length, etag, checksum, createdAt }
}

export async function uploadPart(state: RunState, op: Of<'uploadPart'>): Promise<void> {
  const { model: target, upload } = targetOf(state, op.upload)
  const algorithm = upload?.checksum?.algorithm
  const body = resolveBody(op.body, algorithm === undefined ? {} : { checksum: { algorithm, right: !op.wrong } })
  const both = await compare(
    () => state.world.session.uploadPart({ ...engineTarget(target), partNumber: op.part, ...body.engine }),
    () => state.model.uploadPart(target, op.part, body.model),
  )
  if (both !== null) deepStrictEqual(partFacts(both.actual), modelPartFacts(both.expected))
}

export async function uploadPartCopy(state: RunState, op: Of<'uploadPartCopy'>): Promise<void> {
  const { model: target } = targetOf(state, op.upload)
  const source = resolveSource(state, pickSource(state, op.source))
  const range = op.range === null ? {} : { range: op.range }
  const both = await compare(
    () =>
      state.world.session.uploadPartCopy({
        ...engineTarget(target),
        partNumber: op.part,
        source: { ...engineSource(source), ...range },
      }),
    () => state.model.uploadPartCopy(target, op.part, { ...source, ...range }),
  )
  if (both !== null) deepStrictEqual(partFacts(both.actual.part), modelPartFacts(both.expected))
}

function askedParts(upload: ModelUpload | undefined, which: Of<'completeUpload'>['parts']): readonly CompletedPart[] {
  const there = [...(upload?.parts.values() ?? [])].sort((a, b) => a.partNumber - b.partNumber)
  const all = there.map(({ partNumber, etag, checksum }) => ({ partNumber, etag, ...(checksum === null ? {} : { checksum }) }))
  switch (which) {
    case 'all':
      return all
    case 'first':
      return all.slice(0, 1)
    case 'last':
      return all.slice(-1)
    case 'reversed':
      return all.toReversed()
    case 'none':
      return []
    case 'missing':
      return [...all, { partNumber: 9, etag: '00000000000000000000000000000000' }]
    case 'wrongEtag':
      return all.map((part) => ({ ...part, etag: '00000000000000000000000000000000' }))
    case 'again':
      return JSON.parse(upload?.completed?.asked || '[]').map(([partNumber, etag, value]: [number, string, string | null]) => ({
        partNumber,
        etag,
        ...(value === null ? {} : { checksum: { ...upload?.checksum, type: 'FULL_OBJECT', value } }),
      }))
  }
}

export async function completeUpload(state: RunState, op: Of<'completeUpload'>): Promise<void> {
  const { model: target, upload } = targetOf(state, op.upload)
  const parts = askedParts(upload, op.parts)
  const conditions = resolveConditions(state, op.conditions, target)
  const replayed = upload?.completed !== null && upload !== undefined
  const both = await compare(
    () => state.world.session.completeUpload({ ...engineTarget(target), parts, conditions }),
    (info) => state.model.completeUpload({ ...target, conditions }, parts, idOr(info?.versionId)),
  )
  if (both === null) return
  deepStrictEqual(facts(both.actual), modelFacts(both.expected, true))
  if (!replayed) remember(state, bucketIndex(state, target), both.actual)
}

export async function abortUpload(state: RunState, op: Of<'abortUpload'>): Promise<void> {
  const { model: target } = targetOf(state, op.upload)
  await compare(
    () => state.world.session.abortUpload(engineTarget(target)),
    () => state.model.abortUpload(target, 'parts'),
  )
}

export async function abortAppend(state: RunState, op: Of<'abortAppend'>): Promise<void> {
  const { model: target } = targetOf(state, op.upload, 'append')
  await compare(
    () => state.world.session.abortAppendUpload(engineTarget(target)),
    () => state.model.abortUpload(target, 'append'),
  )
}

export async function listParts(state: RunState, op: Of<'listParts'>): Promise<void> {
  const { model: target } = targetOf(state, op.upload)
  const both = await compare(
    async () => {
      const parts: PartInfo[] = []
      for (let marker: number | null = 0, first = true; first || marker !== null; first = false) {
        const page = await state.world.session.listParts({ ...engineTarget(target), limit: op.limit, partNumberMarker: marker ?? 0 })
        ok(page.parts.length <= op.limit)
        strictEqual(page.truncated, page.nextPartNumberMarker !== null)
        if (page.truncated) strictEqual(page.parts.length, op.limit)
        parts.push(...page.parts)
        marker = page.nextPartNumberMarker
      }
      return parts
    },
    () => state.model.listParts(target),
  )
  if (both !== null) deepStrictEqual(both.actual.map(partFacts), both.expected.map(modelPartFacts))
}

export async function append(state: RunState, op: Of<'append'>): Promise<void> {
  const { model: target, upload } = targetOf(state, op.upload, 'append')
  const before = upload?.appended.length ?? 0
  const offset = Math.max(0, before + op.shift)
  const { bytes, breaks } = resolveBody(op.body, {}).model
  const declares = op.declares === null ? {} : { uploadSize: op.declares }
  const input = { ...engineTarget(target), offset, body: resolveBody(op.body, {}).engine.body, ...declares }
  const both = await compare(
    () => state.world.session.append(input),
    (answer) => {
      const empty = bytes.length === 0 && op.body.chunk === null
      const isOpen = state.model.checkAppend(target, { offset, length: op.body.breaksAt ?? bytes.length, empty, ...declares })
      if (breaks) throw new ModelError('BodyBroke' as never)
      if (isOpen && upload !== undefined) state.model.keepAppended(upload, bytes, op.declares ?? undefined)
      return answer
    },
  )
  if (both !== null) return deepStrictEqual({ ...both.actual }, state.model.getAppendUpload(target))
  await adoptDurable(state, op, { target, upload, before, bytes, fits: offset === before })
}

interface SentBytes {
  readonly target: ModelUploadTarget
  readonly upload: ModelUpload | undefined
  readonly before: number
  readonly bytes: Buffer
  /** Whether the offset was the right one. */
  readonly fits: boolean
}

/** Of an append that failed, what became durable stays: how much is the engine's business, that it is a prefix is ours. */
async function adoptDurable(state: RunState, op: Of<'append'>, sent: SentBytes): Promise<void> {
  const { target, upload } = sent
  const isOpen = upload?.kind === 'append' && upload.completed === null && state.model.uploads.get(upload.uploadId) === upload
  if (upload === undefined || !isOpen) return
  const { offset, size } = await state.world.session.getAppendUpload(engineTarget(target))
  const kept = sent.fits ? offset - sent.before : 0
  ok(kept >= 0 && kept <= (op.body.breaksAt ?? sent.bytes.length), `${offset} of an append at ${sent.before}`)
  strictEqual(offset, sent.before + kept)
  ok(size === upload.declaredSize || (upload.declaredSize === null && size === op.declares))
  const changed = kept > 0 || size !== upload.declaredSize
  upload.declaredSize = size
  if (changed) state.model.keepAppended(upload, sent.bytes.subarray(0, kept))
}

export async function finishAppend(state: RunState, op: Of<'finishAppend'>): Promise<void> {
  const { model: target, upload } = targetOf(state, op.upload, 'append')
  const conditions = resolveConditions(state, op.conditions, target)
  const replayed = upload?.completed !== null && upload !== undefined
  const both = await compare(
    () => state.world.session.finishAppendUpload({ ...engineTarget(target), conditions }),
    (info) => state.model.finishAppendUpload({ ...target, conditions }, idOr(info?.versionId)),
  )
  if (both === null) return
  deepStrictEqual(facts(both.actual), modelFacts(both.expected, true))
  if (!replayed) remember(state, bucketIndex(state, target), both.actual)
}
