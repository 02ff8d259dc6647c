import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ListObjectsInput, ListedObjects } from '../src/engine/inputs.ts'
import type { Session } from '../src/engine/session.ts'
import { listedKey } from './listing-arbitrary.ts'
import { naiveListing } from './model/reference-listing.ts'
import { compareKeys } from './model/reference-model.ts'
import { MODEL_RUNS, SEED, SEED_HINT } from './support/settings.ts'
import { openWorld } from './support/world.ts'

const DELIMITERS = ['', '/', '//', '%', '_', '\\', "'", 'a', 'ab', '\uffff', '\u{10000}', '\u{10ffff}']
const QUESTIONS_MAX = 6
const TIMEOUT_MS = 300_000

interface Question {
  readonly prefix: string
  readonly delimiter: string
  readonly limit: number
  readonly startAfter: string
  /** Whether pages go on by token, or as v1 does by the last name shown, which may be a common prefix. */
  readonly byToken: boolean
}

const question: fc.Arbitrary<Question> = fc.record({
  prefix: fc.oneof(fc.constant(''), listedKey),
  delimiter: fc.constantFrom(...DELIMITERS),
  limit: fc.integer({ min: 1, max: 7 }),
  startAfter: fc.oneof(fc.constant(''), listedKey),
  byToken: fc.boolean(),
})

interface Shown {
  readonly keys: readonly string[]
  readonly prefixes: readonly string[]
}

/** Every page on the way, from the engine's own tokens and markers. */
async function pagesOf(session: Session, bucket: { readonly name: string }, asked: Question): Promise<readonly Shown[]> {
  const { byToken, startAfter, ...base } = asked
  const pages: Shown[] = []
  let place: Pick<ListObjectsInput, 'startAfter' | 'continuationToken'> | null = { startAfter }
  while (place !== null) {
    const page: ListedObjects = await session.listObjects({ bucket, ...base, ...place })
    pages.push({ keys: page.objects.map(({ key }) => key), prefixes: page.commonPrefixes })
    expect([page.nextToken !== null, page.nextMarker !== null]).toEqual([page.truncated, page.truncated])
    // A token outranks startAfter: what stands beside it must not matter.
    if (page.nextToken === null) place = null
    else place = byToken ? { continuationToken: page.nextToken, startAfter: '\u{10ffff}' } : { startAfter: page.nextMarker ?? '' }
  }
  return pages
}

/** The same pages, cut from the whole listing. */
function expectedPages(keys: readonly string[], { prefix, delimiter, limit, startAfter }: Question): readonly Shown[] {
  const entries = keys.map((key) => ({ key }))
  const lines = naiveListing(entries, { prefix, delimiter, after: startAfter === '' ? null : startAfter })
  const pages: Shown[] = []
  for (let at = 0; at === 0 || at < lines.length; at += limit) {
    const page = lines.slice(at, at + limit)
    pages.push({
      keys: page.flatMap(({ entry }) => (entry === null ? [] : [entry.key])),
      prefixes: page.flatMap(({ name, entry }) => (entry === null ? [name] : [])),
    })
  }
  return pages
}

describe.each([
  { store: 'sqlite', share: 0.2 },
  { store: 'postgres', share: 0.05 },
] as const)(`listing through the engine on $store (${SEED_HINT})`, ({ store, share }) => {
  test('pages of hostile keys are those of a sorted array', { timeout: TIMEOUT_MS + MODEL_RUNS * 100 }, async () => {
    const world = await openWorld({ store, backend: 'memory', limits: { keyBytesMax: 2_000 } })
    let buckets = 0
    const sets = fc.uniqueArray(listedKey, { maxLength: 25 })
    const questions = fc.array(question, { minLength: 1, maxLength: QUESTIONS_MAX })
    const property = fc.asyncProperty(sets, questions, async (keys, questions) => {
      const bucket = { name: `bucket-${buckets++}` }
      await world.session.createBucket({ bucket })
      await Promise.all(keys.map((key) => world.session.putObject({ bucket, key, body: new Uint8Array(0) })))
      for (const asked of questions) expect(await pagesOf(world.session, bucket, asked)).toEqual(expectedPages(keys, asked))
    })
    try {
      await fc.assert(property, { numRuns: Math.max(1, Math.round(MODEL_RUNS * share)), seed: SEED })
    } finally {
      await world.dispose()
    }
  })

  test('a limit of 0 shows nothing, and says that nothing follows', async () => {
    const world = await openWorld({ store, backend: 'memory' })
    const bucket = { name: 'bucket' }
    await world.session.createBucket({ bucket })
    await world.session.putObject({ bucket, key: 'a/b', body: new Uint8Array(0) })
    for (const delimiter of ['', '/']) {
      const page = await world.session.listObjects({ bucket, delimiter, limit: 0 })
      expect(page).toEqual({ objects: [], commonPrefixes: [], truncated: false, nextToken: null, nextMarker: null })
    }
    await world.dispose()
  })

  test('tokens are opaque: a changed one, and one of another listing, is refused', async () => {
    const world = await openWorld({ store, backend: 'memory' })
    const bucket = { name: 'bucket' }
    await world.session.createBucket({ bucket })
    for (const key of ['a', 'b', 'c']) await world.session.putObject({ bucket, key, body: new Uint8Array(0) })
    const { nextToken } = await world.session.listObjects({ bucket, limit: 1 })
    const token = nextToken ?? ''
    const changed = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`
    for (const continuationToken of [changed, 'a', '', token + token]) {
      await expect(world.session.listObjects({ bucket, continuationToken })).rejects.toMatchObject({ code: 'InvalidArgument' })
    }
    await world.dispose()
  })

  test('a key put and deleted between pages moves no other', async () => {
    const world = await openWorld({ store, backend: 'memory' })
    const bucket = { name: 'bucket' }
    await world.session.createBucket({ bucket })
    const stay = Array.from({ length: 12 }, (_, at) => `stay-${String(at).padStart(2, '0')}`)
    for (const key of stay) await world.session.putObject({ bucket, key, body: new Uint8Array(0) })
    const seen: string[] = []
    let continuationToken: string | null = null
    do {
      const page: ListedObjects = await world.session.listObjects({
        bucket,
        limit: 2,
        ...(continuationToken === null ? {} : { continuationToken }),
      })
      seen.push(...page.objects.map(({ key }) => key))
      // The last key of the page goes; keys come on both sides of it.
      await world.session.putObject({ bucket, key: `${seen.at(-1)}-behind`, body: new Uint8Array(0) })
      await world.session.deleteObject({ bucket, key: seen.at(-1) ?? '' })
      continuationToken = page.nextToken
    } while (continuationToken !== null && seen.length < 100)
    const shown = seen.filter((key) => stay.includes(key))
    expect(shown).toEqual(stay)
    expect(seen).toEqual(seen.toSorted(compareKeys))
    expect(new Set(seen).size).toBe(seen.length)
    await world.dispose()
  })
})
