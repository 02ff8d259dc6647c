import type { Session } from '../../src/engine/session.ts'
import { chunked, sampleBytes } from '../support/sample-bytes.ts'
import type { Snapshot } from './snapshot.ts'

/** What a path works on: a bucket of its own, and what `prepare` made in it. */
export interface PathContext {
  readonly session: Session
  readonly bucket: { readonly name: string }
  /** Ends a call that hangs. */
  readonly signal: AbortSignal
}

/** One way in which something is written. */
export interface WritePath<P = unknown> {
  readonly name: string
  /** Default: 'off'; null makes no bucket. */
  readonly versioning?: 'off' | 'enabled' | null
  prepare?(context: PathContext): Promise<P>
  /** The call that faults are put into. Resolving is an acknowledgement of all of it. */
  act(context: PathContext, prepared: P): Promise<unknown>
  /** Whether the act takes the signal, so that a backend that hangs can be given up. */
  readonly hangs?: boolean
  /** What may be there after an act that failed, beside all of it and nothing of it. */
  between?(found: Snapshot, before: Snapshot, after: Snapshot): boolean
  /** What the snapshot does not show. */
  observe?(context: PathContext, prepared: P): Promise<string>
}

const INLINE = sampleBytes(1, 50)
const BLOB = sampleBytes(2, 200)
const OTHER = sampleBytes(3, 180)

const put = ({ session, bucket }: PathContext, key: string, body: Buffer): Promise<unknown> => session.putObject({ bucket, key, body })
const path = <P>(paths: WritePath<P>): WritePath => paths

interface Begun {
  readonly uploadId: string
  readonly parts: readonly { readonly partNumber: number; readonly etag: string }[]
}

async function beginUpload(context: PathContext, bodies: readonly Buffer[]): Promise<Begun> {
  const { session, bucket } = context
  const { uploadId } = await session.createUpload({ bucket, key: 'k' })
  const parts = []
  for (const [at, body] of bodies.entries()) {
    parts.push(await session.uploadPart({ bucket, key: 'k', uploadId, partNumber: at + 1, body }))
  }
  return { uploadId, parts: parts.map(({ partNumber, etag }) => ({ partNumber, etag })) }
}

async function beginAppend(
  { session, bucket }: PathContext,
  bodies: readonly Buffer[],
): Promise<{ readonly uploadId: string; readonly offset: number }> {
  const { uploadId } = await session.createAppendUpload({ bucket, key: 'k' })
  let offset = 0
  for (const body of bodies) ({ offset } = await session.append({ bucket, key: 'k', uploadId, offset, body }))
  return { uploadId, offset }
}

/** How far the append upload is, or what became of it. */
async function appendState(
  { session, bucket }: PathContext,
  { uploadId }: { readonly uploadId: string; readonly offset: number },
): Promise<string> {
  return session.getAppendUpload({ bucket, key: 'k', uploadId }).then(
    ({ offset }) => `at ${offset}`,
    (error: { readonly code?: string }) => `${error.code}`,
  )
}

/** Each key is its own unit: some of them may be gone. */
function someKeys(found: Snapshot, before: Snapshot, after: Snapshot): boolean {
  return Object.keys(before.versions).every((key) =>
    [before, after].some((one) => JSON.stringify(one.versions[key]) === JSON.stringify(found.versions[key])),
  )
}

/** Every write path of the engine. */
export const WRITE_PATHS: readonly WritePath[] = [
  path({
    name: 'create a bucket',
    versioning: null,
    act: ({ session, bucket }) => session.createBucket({ bucket }),
  }),
  path({
    name: 'delete a bucket with an unfinished upload',
    prepare: (context) => beginUpload(context, [BLOB, INLINE]),
    act: ({ session, bucket }) => session.deleteBucket({ bucket }),
    // Not part of the unit: an upload without its bucket is seen by nobody.
  }),
  path({
    name: 'set the versioning of a bucket',
    prepare: (context) => put(context, 'k', OTHER),
    act: async (context) => {
      await context.session.setVersioning({ bucket: context.bucket, versioning: 'enabled' })
    },
  }),
  path({ name: 'put inline', act: (context) => put(context, 'k', INLINE) }),
  path({
    name: 'put a blob',
    hangs: true,
    act: ({ session, bucket, signal }) =>
      session.putObject({ bucket, key: 'k', body: chunked(BLOB, 50), userMetadata: { a: 'b' }, signal }),
  }),
  path({
    name: 'overwrite a blob with a blob',
    prepare: (context) => put(context, 'k', OTHER),
    act: (context) => put(context, 'k', BLOB),
  }),
  path({
    name: 'overwrite a blob inline, in a versioned bucket',
    versioning: 'enabled',
    prepare: (context) => put(context, 'k', OTHER),
    act: (context) => put(context, 'k', INLINE),
  }),
  path({
    name: 'copy onto another object',
    prepare: async (context) => {
      await put(context, 'source', BLOB)
      await put(context, 'k', OTHER)
    },
    act: ({ session, bucket }) => session.copyObject({ bucket, key: 'k', source: { bucket, key: 'source' } }),
  }),
  path({
    name: 'delete a blob',
    prepare: (context) => put(context, 'k', BLOB),
    act: ({ session, bucket }) => session.deleteObject({ bucket, key: 'k' }),
  }),
  path({
    name: 'leave a delete marker',
    versioning: 'enabled',
    prepare: (context) => put(context, 'k', BLOB),
    act: ({ session, bucket }) => session.deleteObject({ bucket, key: 'k' }),
  }),
  path({
    name: 'delete many',
    prepare: async (context) => {
      for (const [key, body] of [
        ['a', BLOB],
        ['b', INLINE],
        ['c', OTHER],
      ] as const)
        await put(context, key, body)
    },
    act: async ({ session, bucket }) => {
      const results = await session.deleteObjects({ bucket, objects: [{ key: 'a' }, { key: 'b' }, { key: 'c' }] })
      const failed = results.find(({ error }) => error !== null)
      if (failed?.error != null) throw failed.error
    },
    between: someKeys,
  }),
  path({ name: 'begin a multipart upload', act: ({ session, bucket }) => session.createUpload({ bucket, key: 'k' }) }),
  path({
    name: 'send a part again',
    hangs: true,
    prepare: (context) => beginUpload(context, [OTHER]),
    act: ({ session, bucket, signal }, { uploadId }) =>
      session.uploadPart({ bucket, key: 'k', uploadId, partNumber: 1, body: chunked(BLOB, 50), signal }),
  }),
  path({
    name: 'copy a part',
    prepare: async (context) => {
      await put(context, 'source', BLOB)
      return beginUpload(context, [OTHER])
    },
    act: ({ session, bucket }, { uploadId }) =>
      session.uploadPartCopy({
        bucket,
        key: 'k',
        uploadId,
        partNumber: 1,
        source: { bucket, key: 'source', range: { start: 10, end: 190 } },
      }),
  }),
  path({
    name: 'complete without one of the parts, over an object',
    prepare: async (context) => {
      await put(context, 'k', OTHER)
      return beginUpload(context, [BLOB, INLINE, OTHER])
    },
    act: ({ session, bucket }, { uploadId, parts }) => session.completeUpload({ bucket, key: 'k', uploadId, parts: parts.slice(0, 2) }),
  }),
  path({
    name: 'abort a multipart upload',
    prepare: (context) => beginUpload(context, [BLOB, INLINE]),
    act: ({ session, bucket }, { uploadId }) => session.abortUpload({ bucket, key: 'k', uploadId }),
  }),
  path({
    name: 'append across blobs',
    prepare: (context) => beginAppend(context, [INLINE]),
    // An abort ends the body of an append, and keeps what came: a backend that hangs is not told. So none hangs here.
    act: ({ session, bucket }, { uploadId, offset }) =>
      session.append({ bucket, key: 'k', uploadId, offset, body: chunked(sampleBytes(4, 600), 100) }),
    observe: appendState,
  }),
  path({
    name: 'append inline',
    prepare: (context) => beginAppend(context, [INLINE]),
    act: ({ session, bucket }, { uploadId, offset }) => session.append({ bucket, key: 'k', uploadId, offset, body: sampleBytes(4, 5) }),
    observe: appendState,
  }),
  path({
    name: 'finish an append upload over an object',
    prepare: async (context) => {
      await put(context, 'k', OTHER)
      return beginAppend(context, [BLOB, INLINE, INLINE])
    },
    act: ({ session, bucket }, { uploadId }) => session.finishAppendUpload({ bucket, key: 'k', uploadId }),
  }),
  path({
    name: 'abort an append upload',
    prepare: (context) => beginAppend(context, [BLOB, INLINE]),
    act: ({ session, bucket }, { uploadId }) => session.abortAppendUpload({ bucket, key: 'k', uploadId }),
    observe: appendState,
  }),
]
