import type { Session } from '@stowage/core'
import { contentOf } from './content.ts'

const BUCKET = { name: 'crash' }

/** What one acknowledged step changes: keys to labels, null for gone. Unacknowledged, each key may be old or new, whole. */
export interface ScenarioStep {
  readonly changes: Readonly<Record<string, string | null>>
  run(session: Session): Promise<unknown>
}

/** A write path, from a state that is there before to its steps. */
export interface Scenario {
  readonly name: string
  readonly before: Readonly<Record<string, string>>
  readonly steps: readonly ScenarioStep[]
}

const INLINE = '2000:inline'
const BLOB = '300000:blob'
const OTHER = '250000:other'

const put = (key: string, label: string): ScenarioStep => ({
  changes: { [key]: label },
  run: (session) => session.putObject({ bucket: BUCKET, key, body: contentOf(label) }),
})

/** A step without a change of its own: nothing may be seen of it. */
const quiet = (run: ScenarioStep['run']): ScenarioStep => ({ changes: {}, run })

/** Remembers the upload that a scenario began, for its later steps. */
function multipart(): readonly ScenarioStep[] {
  const parts = ['200000:p1', '150000:p2'] as const
  let uploadId = ''
  const etags: string[] = []
  return [
    quiet(async (session) => {
      uploadId = (await session.createUpload({ bucket: BUCKET, key: 'k' })).uploadId
    }),
    ...parts.map((label, index) =>
      quiet(async (session) => {
        etags[index] = (
          await session.uploadPart({ bucket: BUCKET, key: 'k', uploadId, partNumber: index + 1, body: contentOf(label) })
        ).etag
      }),
    ),
    {
      changes: { k: parts.join('+') },
      run: (session) =>
        session.completeUpload({
          bucket: BUCKET,
          key: 'k',
          uploadId,
          parts: etags.map((etag, index) => ({ partNumber: index + 1, etag })),
        }),
    },
  ]
}

function abandonedMultipart(): readonly ScenarioStep[] {
  let uploadId = ''
  return [
    quiet(async (session) => {
      uploadId = (await session.createUpload({ bucket: BUCKET, key: 'k' })).uploadId
      await session.uploadPart({ bucket: BUCKET, key: 'k', uploadId, partNumber: 1, body: contentOf(BLOB) })
    }),
    quiet((session) => session.abortUpload({ bucket: BUCKET, key: 'k', uploadId })),
  ]
}

function appended(): readonly ScenarioStep[] {
  const pieces = ['3:a', '5000:b', '200000:c'] as const
  let uploadId = ''
  let offset = 0
  return [
    quiet(async (session) => {
      uploadId = (await session.createAppendUpload({ bucket: BUCKET, key: 'k' })).uploadId
    }),
    ...pieces.map((label) =>
      quiet(async (session) => {
        offset = (await session.append({ bucket: BUCKET, key: 'k', uploadId, offset, body: contentOf(label) })).offset
      }),
    ),
    { changes: { k: pieces.join('+') }, run: (session) => session.finishAppendUpload({ bucket: BUCKET, key: 'k', uploadId }) },
  ]
}

/** Every write path, small enough that each of its system calls can be a crash. Made anew for each run: some remember. */
export function scenarios(): readonly Scenario[] {
  return [
    { name: 'put-inline', before: {}, steps: [put('k', INLINE)] },
    { name: 'put-blob', before: {}, steps: [put('k', BLOB)] },
    { name: 'overwrite', before: { k: BLOB }, steps: [put('k', OTHER), put('k', INLINE), put('k', BLOB)] },
    {
      name: 'copy',
      before: { source: BLOB, k: OTHER },
      steps: [
        {
          changes: { k: BLOB },
          run: (session) => session.copyObject({ bucket: BUCKET, key: 'k', source: { bucket: BUCKET, key: 'source' } }),
        },
        { changes: { source: null }, run: (session) => session.deleteObject({ bucket: BUCKET, key: 'source' }) },
      ],
    },
    {
      name: 'delete-many',
      before: { a: BLOB, b: INLINE, c: OTHER },
      steps: [
        {
          changes: { a: null, b: null, c: null },
          run: (session) =>
            session.deleteObjects({ bucket: BUCKET, objects: [{ key: 'a' }, { key: 'b' }, { key: 'c' }, { key: 'absent' }] }),
        },
      ],
    },
    { name: 'multipart', before: { k: OTHER }, steps: multipart() },
    { name: 'abandoned-multipart', before: {}, steps: abandonedMultipart() },
    { name: 'append', before: {}, steps: appended() },
    {
      name: 'buckets',
      before: {},
      steps: [
        quiet((session) => session.createBucket({ bucket: { name: 'second' } })),
        quiet((session) => session.deleteBucket({ bucket: { name: 'second' } })),
      ],
    },
  ]
}

/** The states that a key may be in when the first `acknowledged` steps were acknowledged and the next may or may not have happened. */
export function allowedLabels(scenario: Scenario, acknowledged: number): ReadonlyMap<string, ReadonlySet<string | null>> {
  const state = new Map<string, string | null>(Object.entries(scenario.before))
  for (const step of scenario.steps) for (const key of Object.keys(step.changes)) if (!state.has(key)) state.set(key, null)
  for (const step of scenario.steps.slice(0, acknowledged)) for (const [key, label] of Object.entries(step.changes)) state.set(key, label)
  const next = scenario.steps[acknowledged]
  return new Map(
    [...state].map(([key, label]) => [
      key,
      new Set([label, next !== undefined && key in next.changes ? (next.changes[key] ?? null) : label]),
    ]),
  )
}

/** The bytes of a label, or of several one after the other. */
export function bytesOf(label: string): Buffer {
  return Buffer.concat(label.split('+').map(contentOf))
}

export { BUCKET }
