import { expect, test } from 'vitest'
import { memoryBackend } from '../src/backend/memory-backend.ts'
import type { Engine } from '../src/engine/engine.ts'
import { openEngine } from '../src/engine/open-engine.ts'
import type { Session } from '../src/engine/session.ts'
import { col, ctx, distinctFrom, not } from '../src/policy/predicate-builders.ts'
import { accountCaller } from '../src/policy/caller.ts'
import { storedPolicies } from '../src/access/stored-policies.ts'
import { describeOnEachStore, overriding } from './engine-matrix.ts'
import { openPolicyEngine, type PolicyEngine, policyOf, userOf } from './policy-engine.ts'

const BUCKET = { name: 'bucket' }
const NOBODY_CLOSES = { open: () => Promise.resolve(), close: () => Promise.resolve() }
/** Not by `=`, which an index could find: hidden rows are looked at, and counted. */
const OWN = not(distinctFrom(col('owner_id'), ctx('sub')))
const LIMITS = { rowsScannedMax: 3 }
const MINE = ['b/1', 'd', 'm/1', 'm/2', 'p', 'p2']
/** Each begins as no other name does. */
const HIDDEN = ['aSECRET1', 'aSECRET2', 'aSECRET3', 'aSECRET4', 'b/SECRET', 'cSECRET1', 'cSECRET2', 'cSECRET3', 'm/1SECRET', 'nSECRET/1', 'nSECRET/2', 'nSECRET/3', 'pSECRET', 'qSECRET', 'rSECRET1', 'rSECRET2'] // prettier-ignore

/** Two engines on one database, filled; a key that one makes is the other's too. */
async function twoEngines(
  store: Parameters<typeof openPolicyEngine>[0],
  versioning: 'off' | 'enabled',
): Promise<PolicyEngine & { readonly other: Engine }> {
  const opened = await openPolicyEngine(store, { limits: LIMITS, versioning })
  const metadata = overriding(opened.metadata, NOBODY_CLOSES)
  const policy = storedPolicies({ metadata })
  const other = await openEngine({ metadata, backend: memoryBackend(), policy, limits: LIMITS })
  await opened.policies.change({
    putPolicies: [
      policyOf({ name: 'read', command: 'select', using: OWN }),
      policyOf({ name: 'replace', command: 'update', using: OWN }),
      policyOf({ name: 'write', command: 'insert', check: { k: 'lit', t: 'bool', v: true } }),
    ],
  })
  return { ...opened, other }
}

async function fill({ engine }: PolicyEngine, put: (session: Session, key: string) => Promise<unknown>): Promise<void> {
  for (const key of MINE) await put(engine.as(userOf('ann')), key)
  for (const key of HIDDEN) await put(engine.as(userOf('bob')), key)
}

/** Everything that could be read out of an answer: itself, and every text in it as base64. */
function readableIn(answer: unknown): string {
  const text = JSON.stringify(answer)
  const words = text.match(/[A-Za-z0-9+/_-]{4,}/g) ?? []
  return [text, ...words.flatMap((word) => [0, 1, 2, 3].map((from) => Buffer.from(word.slice(from), 'base64').toString('latin1')))].join(
    '\n',
  )
}

interface Walked<P> {
  readonly pages: readonly P[]
  readonly markers: readonly string[]
}

/** Walks all pages, each by the other engine than the one before, and looks whether one says what is hidden. */
async function walk<P, M extends object>(
  { engine, other }: PolicyEngine & { readonly other: Engine },
  page: (session: Session, marker: M | null) => Promise<P>,
  next: (page: P) => M | null,
): Promise<Walked<P>> {
  const sessions = [engine, other].map((each) => each.as(userOf('ann')))
  const pages: P[] = []
  const markers: string[] = []
  let marker: M | null = null
  for (let at = 0; at < 100; at += 1) {
    const session = sessions[at % 2]
    if (session === undefined) throw new Error('there are two')
    const found: P = await page(session, marker)
    expect(readableIn(found)).not.toMatch(/SECRET|ECRE/)
    pages.push(found)
    marker = next(found)
    if (marker === null) return { pages, markers }
    markers.push(JSON.stringify(marker))
  }
  throw new Error('paging does not end')
}

describeOnEachStore('pages that end among what is hidden', (store) => {
  test.each(['', '/'])('objects, by token and by marker, with the delimiter %j', async (delimiter) => {
    const world = await twoEngines(store, 'off')
    await fill(world, (session, key) => session.putObject({ bucket: BUCKET, key, body: new Uint8Array(0) }))
    const folded = delimiter === '' ? MINE : ['b/', 'd', 'm/', 'p', 'p2']
    const ways = [
      { next: (token: string): object => ({ continuationToken: token }), of: 'nextToken' },
      { next: (marker: string): object => ({ startAfter: marker }), of: 'nextMarker' },
    ] as const
    for (const { next, of } of ways) {
      for (const limit of [1, 2, 1000]) {
        const { pages, markers } = await walk(
          world,
          (session, marker: object | null) => session.listObjects({ bucket: BUCKET, delimiter, limit, ...marker }),
          (page) => (page[of] === null ? null : next(page[of])),
        )
        const shown = pages.flatMap(({ objects, commonPrefixes }) => [...objects.map(({ key }) => key), ...commonPrefixes])
        expect(shown.toSorted()).toEqual(folded)
        // Some ended at what the caller sees, and some did not; of the latter each is as long as any other.
        const sealed = markers.filter((marker) => marker.length > 2_000)
        expect([sealed.length > 0, sealed.length < markers.length, new Set(sealed.map(({ length }) => length)).size]).toEqual([
          true,
          true,
          1,
        ])
      }
    }
    await world.other.close()
    await world.engine.close()
  })

  test('versions', async () => {
    const world = await twoEngines(store, 'enabled')
    for (let round = 0; round < 2; round += 1) {
      await fill(world, (session, key) => session.putObject({ bucket: BUCKET, key, body: new Uint8Array(0) }))
    }
    for (const limit of [1, 3]) {
      const { pages } = await walk(
        world,
        (session, marker: object | null) => session.listVersions({ bucket: BUCKET, limit, ...marker }),
        ({ nextKeyMarker: keyMarker, nextVersionIdMarker: version }) =>
          keyMarker === null ? null : { keyMarker, ...(version === null ? {} : { versionIdMarker: version }) },
      )
      expect(pages.flatMap(({ versions }) => versions.map(({ key }) => key))).toEqual(MINE.flatMap((key) => [key, key]))
    }
    await world.other.close()
    await world.engine.close()
  })

  test('uploads', async () => {
    const world = await twoEngines(store, 'off')
    const ids: string[] = []
    await fill(world, async (session, key) => {
      const { uploadId, ownerId } = await session.createUpload({ bucket: BUCKET, key })
      if (ownerId === 'bob') ids.push(uploadId)
    })
    const { pages } = await walk(
      world,
      (session, marker: object | null) => session.listUploads({ bucket: BUCKET, limit: 2, ...marker }),
      ({ nextKeyMarker: keyMarker, nextUploadIdMarker: upload }) =>
        keyMarker === null ? null : { keyMarker, ...(upload === null ? {} : { uploadIdMarker: upload }) },
    )
    expect(pages.flatMap(({ uploads }) => uploads.map(({ key }) => key))).toEqual(MINE)
    const read = readableIn(pages)
    expect(ids.filter((id) => read.includes(id))).toEqual([])
    await world.other.close()
    await world.engine.close()
  })

  test('a sealed position opens where it was given, and nowhere else', async () => {
    const world = await twoEngines(store, 'enabled')
    const owner = world.engine.as(accountCaller('owner'))
    await owner.createBucket({ bucket: { name: 'another' } })
    await fill(world, (session, key) => session.putObject({ bucket: BUCKET, key, body: new Uint8Array(0) }))
    const ann = world.engine.as(userOf('ann'))
    const { nextToken: token, nextMarker } = await ann.listObjects({ bucket: BUCKET })
    expect(nextMarker).toBe(token)
    if (token === null) throw new Error('the first page shows nothing, and is not the last')
    const refused = { code: 'InvalidArgument' }
    const wrong = [
      { bucket: { name: 'another' } },
      { bucket: BUCKET, prefix: 'b' },
      { bucket: BUCKET, delimiter: '/' },
      { bucket: BUCKET, limit: 0, prefix: 'a' },
    ]
    for (const input of wrong) {
      await expect(ann.listObjects({ ...input, continuationToken: token })).rejects.toMatchObject(refused)
      await expect(ann.listObjects({ ...input, startAfter: token })).rejects.toMatchObject(refused)
    }
    await expect(ann.listVersions({ bucket: BUCKET, keyMarker: token })).rejects.toMatchObject(refused)
    await expect(ann.listUploads({ bucket: BUCKET, keyMarker: token })).rejects.toMatchObject(refused)
    const { nextKeyMarker } = await ann.listVersions({ bucket: BUCKET })
    await expect(ann.listVersions({ bucket: BUCKET, keyMarker: nextKeyMarker ?? '', versionIdMarker: 'x' })).rejects.toMatchObject(refused)
    const bytes = Buffer.from(token, 'base64url')
    for (const at of [0, 1, 12, 13, 40, bytes.length - 17, bytes.length - 1]) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 1
      await expect(ann.listObjects({ bucket: BUCKET, continuationToken: changed.toString('base64url') })).rejects.toMatchObject(refused)
    }
    for (const text of [token.slice(1), `${token}A`]) {
      await expect(ann.listObjects({ bucket: BUCKET, continuationToken: text })).rejects.toMatchObject(refused)
      await expect(ann.listObjects({ bucket: BUCKET, startAfter: text })).rejects.toMatchObject({ code: 'KeyTooLong' })
    }
    // The same place, sealed again, is another text.
    expect((await ann.listObjects({ bucket: BUCKET })).nextToken).not.toBe(token)
    expect((await ann.listObjects({ bucket: BUCKET, continuationToken: token })).objects.map(({ key }) => key)).toEqual(['b/1'])
    await world.other.close()
    await world.engine.close()
  })

  test('engines that seal for the first time at the same moment agree on a key', async () => {
    const world = await twoEngines(store, 'off')
    await fill(world, (session, key) => session.putObject({ bucket: BUCKET, key, body: new Uint8Array(0) }))
    const both = [world.engine, world.other].map((each) => each.as(userOf('ann')))
    const pages = await Promise.all(both.map((session) => session.listObjects({ bucket: BUCKET })))
    for (const { nextToken } of pages) {
      for (const session of both) {
        const { objects } = await session.listObjects({ bucket: BUCKET, continuationToken: nextToken ?? '' })
        expect(objects.map(({ key }) => key)).toEqual(['b/1'])
      }
    }
    await world.other.close()
    await world.engine.close()
  })
})
