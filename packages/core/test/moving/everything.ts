import type { Backend } from '../../src/backend/backend.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { fsck } from '../../src/engine/fsck.ts'
import { openEngine } from '../../src/engine/open-engine.ts'
import type { Session } from '../../src/engine/session.ts'
import { storedPolicies } from '../../src/access/stored-policies.ts'
import { parseBlobKey } from '../../src/backend/blob-key.ts'
import { accountCaller } from '../../src/policy/caller.ts'
import { readAll, sampleBytes } from '../support/sample-bytes.ts'
import type { Place } from './places.ts'

const LIMITS = { inlineSizeMax: 64, partSizeMin: 4, appendBlobSizeMax: 256 }

/** Keys that somebody may have: of all lengths, planes and forms. */
const KEYS: readonly string[] = [
  'a',
  'A',
  'a/b.c',
  'ä\u0308',
  'a\u0308',
  '\u{10ffff}',
  '\uffff',
  '\ue000',
  '😀/\u202e',
  '"\\u0000',
  "it's",
  `${'k'.repeat(1021)}€`,
  '\u0001',
]

/** An engine on a place, and what belongs to it. */
export interface Opened {
  readonly engine: Engine
  readonly session: Session
  readonly policies: ReturnType<typeof storedPolicies>
}

/** Opens an engine on a place, for as long as `use` takes. */
export async function served<T>(place: Place, backend: Backend, use: (opened: Opened) => Promise<T>): Promise<T> {
  const metadata = place.store()
  const policies = storedPolicies({ metadata })
  const engine = await openEngine({ metadata, backend, policy: policies, limits: LIMITS, hashWorkers: { worker: 'inline' } })
  try {
    return await use({ engine, policies, session: engine.as(accountCaller('owner')) })
  } finally {
    await engine.close()
  }
}

/** The uploads that are not finished. */
export interface Begun {
  readonly uploadId: string
  readonly etags: readonly string[]
  readonly appendId: string
}

const PLAIN = { name: 'plain' }
const KEPT = { name: 'kept' }

/** Puts some of everything into an empty store. */
export async function fillWithEverything(place: Place, backend: Backend): Promise<Begun> {
  const begun = await served(place, backend, async ({ session, policies }) => {
    await session.createBucket({ bucket: PLAIN })
    await session.createBucket({ bucket: KEPT, versioning: 'enabled' })
    for (const [at, key] of KEYS.entries()) {
      const userMetadata = at % 2 === 0 ? {} : { note: `“${key.slice(0, 20)}”`, z: '1', a: '\\u0001' }
      await session.putObject({
        bucket: PLAIN,
        key,
        body: sampleBytes(at, at % 3 === 0 ? 300 : at),
        userMetadata,
        tags: { e: '', k: 'ü' },
      })
      await session.putObject({ bucket: KEPT, key, body: sampleBytes(at + 50, 100 + at), headers: { contentType: 'text/x' } })
    }
    await session.putObject({
      bucket: KEPT,
      key: 'a',
      body: sampleBytes(99, 10),
      retention: { mode: 'governance', until: new Date(8.64e15) },
    })
    await session.deleteObject({ bucket: KEPT, key: 'A' })
    await session.copyObject({ bucket: PLAIN, key: 'copy', source: { bucket: KEPT, key: 'a/b.c' } })
    const { uploadId } = await session.createUpload({ bucket: PLAIN, key: 'up', checksum: { algorithm: 'CRC32C' } })
    const etags = []
    for (const partNumber of [1, 2]) {
      etags.push((await session.uploadPart({ bucket: PLAIN, key: 'up', uploadId, partNumber, body: sampleBytes(partNumber, 80) })).etag)
    }
    const done = await session.createUpload({ bucket: PLAIN, key: 'done' })
    const { etag } = await session.uploadPart({
      bucket: PLAIN,
      key: 'done',
      uploadId: done.uploadId,
      partNumber: 7,
      body: sampleBytes(8, 90),
    })
    await session.completeUpload({ bucket: PLAIN, key: 'done', uploadId: done.uploadId, parts: [{ partNumber: 7, etag }] })
    const { uploadId: appendId } = await session.createAppendUpload({ bucket: PLAIN, key: 'log' })
    await session.append({ bucket: PLAIN, key: 'log', uploadId: appendId, offset: 0, body: sampleBytes(3, 300) })
    await session.append({ bucket: PLAIN, key: 'log', uploadId: appendId, offset: 300, body: sampleBytes(4, 5) })
    await policies.change({
      putRoles: [{ name: 'clerk', inherits: [], bypassRls: false }],
      putRelations: [
        {
          name: 'public.members',
          columns: {
            big: { type: 'bigint', nullable: false },
            who: { type: 'uuid', nullable: false },
            since: { type: 'timestamptz', nullable: true },
            note: { type: 'text', nullable: true },
            on: { type: 'bool', nullable: true },
            small: { type: 'int', nullable: true },
          },
          indexes: [['note']],
          kept: 'engine',
          key: ['big', 'who'],
        },
        { name: 'nobody', columns: { t: { type: 'text', nullable: false } }, indexes: [], kept: 'engine' },
      ],
    })
    await policies.relations.put('public.members', relationRows())
    return { uploadId, etags, appendId }
  })
  const store = place.store()
  await store.open()
  // Bytes beside a document, one that was deleted, and a blob that somebody reserved and never wrote.
  const write = { kind: 'test.keys', expected: 'any', body: { n: 1e21, tiny: 5e-324, list: [null, 'ü', { b: 1, a: -0.5 }] } } as const
  await store.writeDocuments({
    writes: [
      { ...write, id: 'kept', sealed: sampleBytes(1, 48) },
      { ...write, id: 'gone', sealed: null },
    ],
    raisesPolicyVersion: true,
  })
  await store.writeDocuments({
    writes: [{ kind: 'test.keys', id: 'gone', expected: 1, body: null, sealed: null }],
    raisesPolicyVersion: true,
  })
  await store.reserveBlobs({ processId: 'died', blobs: [{ backendId: 'main', blob: parseBlobKey('never-written') }] })
  await store.close()
  return begun
}

function relationRows(): readonly Record<string, string | number | boolean | null>[] {
  const who = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
  const bare = { since: null, note: null, on: null, small: null }
  return [
    { big: '9223372036854775807', who: who(1), since: 1_700_000_000_123, note: '', on: true, small: -2_147_483_648 },
    { big: '-9223372036854775808', who: who(2), since: -1, note: 'naïve 😀 \u0001 "\\', on: false, small: 0 },
    { big: '9007199254740993', who: 'FFFFFFFF-FFFF-4FFF-8FFF-FFFFFFFFFFFF', ...bare },
    ...Array.from({ length: 120 }, (_, at) => ({ big: String(at), who: who(at), ...bare, note: `n${at}` })),
  ]
}

/** Everything that a user and an operator can see: the same before and after a move. */
export async function seen(place: Place, backend: Backend): Promise<unknown> {
  const rows = await served(place, backend, async ({ session, policies }) => {
    const versions: unknown[] = []
    for (const bucket of [PLAIN, KEPT]) {
      for (const info of (await session.listVersions({ bucket })).versions) {
        const { key, versionId } = info
        const bytes = info.deleteMarker ? null : await bytesOf(session, { bucket, key, versionId })
        versions.push({ ...info, bytes })
      }
    }
    return {
      versions,
      buckets: await session.listBuckets(),
      uploads: await session.listUploads({ bucket: PLAIN }),
      policies: await policies.list(),
      members: await policies.relations.list('public.members'),
    }
  })
  const store = place.store()
  const report = await fsck({ metadata: store, backends: { main: backend }, deep: true })
  return { ...rows, findings: report.findings, checked: report.checked }
}

async function bytesOf(session: Session, input: Parameters<Session['getObject']>[0]): Promise<string> {
  return (await readAll(await (await session.getObject(input)).open())).toString('base64')
}

/** Finishes what was begun, and writes on: no id may be given out twice. */
export async function goOn(place: Place, backend: Backend, { uploadId, etags, appendId }: Begun): Promise<void> {
  await served(place, backend, async ({ session }) => {
    const parts = etags.map((etag, at) => ({ partNumber: at + 1, etag }))
    await session.completeUpload({ bucket: PLAIN, key: 'up', uploadId, parts })
    await session.append({ bucket: PLAIN, key: 'log', uploadId: appendId, offset: 305, body: sampleBytes(5, 400) })
    await session.finishAppendUpload({ bucket: PLAIN, key: 'log', uploadId: appendId })
    for (let at = 0; at < 20; at += 1) await session.putObject({ bucket: KEPT, key: `more-${at}`, body: sampleBytes(at, at * 20) })
    await session.deleteObject({ bucket: PLAIN, key: 'copy' })
    await session.putObject({ bucket: PLAIN, key: 'a', body: sampleBytes(1, 70) })
  })
  const { findings } = await fsck({ metadata: place.store(), backends: { main: backend }, deep: true })
  if (findings.length > 0) throw new Error(JSON.stringify(findings))
}
