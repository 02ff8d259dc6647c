import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Session } from '../src/engine/session.ts'
import { accountCaller } from '../src/policy/caller.ts'
import { describeOnEachStore, openTestEngine } from './engine-matrix.ts'
import { naiveListing } from './model/reference-listing.ts'
import { compareKeys } from './model/reference-model.ts'
import { SEED } from './support/settings.ts'

const BUCKET = { name: 'bucket' }
/** Where ranges begin and end: at a prefix itself, right before it, right behind it. */
const KEYS = ['a', 'a/', 'a/1', 'a/1/x', 'a/1/y', 'a/2', 'a0', 'b', 'b/1', 'c/1', 'k', 'k/1', 'm', 'm.', 'm/', 'm/1', 'm/2/x', 'm0', 'z/1', '\u{1f600}/1'] // prettier-ignore
const OBJECTS: readonly string[] = ['k', 'a/1', 'z/1', 'none']
const PREFIXES = ['a/', 'a/1/', 'b/', 'c/', 'm', 'm/', 'nothing/', '\u{1f600}']

const question = fc.record({
  prefixes: fc.uniqueArray(fc.constantFrom(...PREFIXES), { minLength: 1, maxLength: 4 }),
  objects: fc.option(fc.uniqueArray(fc.constantFrom(...OBJECTS), { minLength: 1, maxLength: 2 }), { nil: undefined }),
  prefix: fc.constantFrom('', '', 'a', 'a/', 'm/', 'q'),
  delimiter: fc.constantFrom('', '/'),
  limit: fc.integer({ min: 1, max: 6 }),
})

interface Page {
  readonly names: readonly string[]
  readonly next: object | null
}

async function walk(page: (position: object) => Promise<Page>): Promise<string[]> {
  const names: string[] = []
  let position: object | null = {}
  for (let at = 0; position !== null; at += 1) {
    expect(at).toBeLessThan(100)
    const found: Page = await page(position)
    names.push(...found.names)
    position = found.next
  }
  return names
}

function listings(
  session: Session,
  input: { prefix: string; delimiter: string; limit: number },
): readonly ((position: object) => Promise<Page>)[] {
  const asked = { bucket: BUCKET, ...input }
  return [
    async (position) => {
      const { objects, commonPrefixes, nextToken } = await session.listObjects({ ...asked, ...position })
      const names = [...objects.map(({ key }) => key), ...commonPrefixes].toSorted(compareKeys)
      return { names, next: nextToken === null ? null : { continuationToken: nextToken } }
    },
    async (position) => {
      const {
        versions,
        commonPrefixes,
        nextKeyMarker: keyMarker,
        nextVersionIdMarker: id,
      } = await session.listVersions({ ...asked, ...position })
      const names = [...versions.map(({ key }) => key), ...commonPrefixes].toSorted(compareKeys)
      return { names, next: keyMarker === null ? null : { keyMarker, ...(id === null ? {} : { versionIdMarker: id }) } }
    },
    async (position) => {
      const {
        uploads,
        commonPrefixes,
        nextKeyMarker: keyMarker,
        nextUploadIdMarker: id,
      } = await session.listUploads({ ...asked, ...position })
      const names = [...uploads.map(({ key }) => key), ...commonPrefixes].toSorted(compareKeys)
      return { names, next: keyMarker === null ? null : { keyMarker, ...(id === null ? {} : { uploadIdMarker: id }) } }
    },
  ]
}

describeOnEachStore('listings of a credential for some prefixes', (store) => {
  test('show what lies below them, once and in order, however short the pages are', { timeout: 60_000 }, async () => {
    const { engine, session } = await openTestEngine(store, { limits: { rowsScannedMax: 2 } })
    for (const key of KEYS) {
      await session.putObject({ bucket: BUCKET, key, body: new Uint8Array(0) })
      await session.createUpload({ bucket: BUCKET, key })
    }
    const property = fc.asyncProperty(question, async ({ prefixes, objects, ...input }) => {
      const scope = { prefixes, ...(objects === undefined ? {} : { objects }) }
      const reached = KEYS.filter((key) => objects?.includes(key) === true || prefixes.some((prefix) => key.startsWith(prefix)))
      const { prefix, delimiter } = input
      const expected = naiveListing(
        reached.map((key) => ({ key })),
        { prefix, delimiter, after: null },
      ).map(({ name }) => name)
      for (const page of listings(engine.as({ ...accountCaller('owner'), scope }), input)) expect(await walk(page)).toEqual(expected)
    })
    await fc.assert(property, { numRuns: 30, seed: SEED })
    await engine.close()
  })

  test('do not look at what lies between them', async () => {
    const { engine, session } = await openTestEngine(store, { limits: { rowsScannedMax: 5 }, versioning: 'enabled' })
    const between = Array.from({ length: 20 }, (_, at) => `between/${at}`)
    for (const key of ['a/1', 'a/2', ...between, 'm/1']) {
      await session.putObject({ bucket: BUCKET, key, body: new Uint8Array(0) })
      await session.createUpload({ bucket: BUCKET, key })
    }
    const scoped = engine.as({ ...accountCaller('owner'), scope: { prefixes: ['m/', 'a/'] } })
    for (const [at, page] of listings(scoped, { prefix: '', delimiter: '', limit: 10 }).entries()) {
      expect([at, await page({})]).toEqual([at, { names: ['a/1', 'a/2', 'm/1'], next: null }])
    }
    await engine.close()
  })
})
