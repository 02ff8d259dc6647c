import assert from 'node:assert/strict'
import type { Predicate } from '@stowage/core/policy'
import {
  BUCKET,
  columnIs,
  listQuery,
  makeBucket,
  type MetadataCase,
  type MetadataSubject,
  NEVER,
  newUpload,
  putText,
  remove,
  requirement,
  target,
} from './support.ts'

type ListQuery = Parameters<typeof listQuery>[0]

/** Every entry of a listing, in order, page by page, and how many pages it took. */
async function walk({ store }: MetadataSubject, more: ListQuery): Promise<{ readonly entries: readonly string[]; readonly pages: number }> {
  const entries: string[] = []
  let pages = 0
  let position: NonNullable<ListQuery>['position'] = null
  do {
    const page: Awaited<ReturnType<typeof store.listObjects>> = await store.listObjects(listQuery({ ...more, position: position ?? null }))
    // Byte order, as UTF-8.
    const some = [...page.objects.map(({ key }) => key), ...page.commonPrefixes].sort((a, b) =>
      Buffer.compare(Buffer.from(a), Buffer.from(b)),
    )
    entries.push(...some)
    position = page.next
    pages += 1
    assert.ok(pages < 1000, 'the listing comes to an end')
  } while (position !== null)
  return { entries, pages }
}

async function putAll(subject: MetadataSubject, keys: readonly string[]): Promise<void> {
  for (const key of keys) assert.equal((await putText(subject, key, { text: '' })).outcome, 'committed', JSON.stringify(key))
}

const TREE = ['a', 'a/', 'a/1', 'a/2/x', 'a/2/y', 'a//z', 'b', 'c/d/e', 'c0']
/** In byte order. JavaScript's own would have the last two the other way round. */
const UNICODE = [
  '%',
  '*',
  '[',
  '\\',
  '_',
  'a',
  'z',
  '\u{7f}',
  '\u{80}',
  'é',
  '\u{7ff}',
  '\u{800}',
  '\ud7ff',
  '\ue000',
  '\ufffd',
  '\uffff',
  '\u{10000}',
  '\u{10ffff}',
]

/** Listings: seeks in byte order, cut and counted after the filter. */
export const listingCases: readonly MetadataCase[] = [
  ...(
    [
      ['everything', {}, TREE.toSorted()],
      ['a prefix', { prefix: 'a/' }, ['a/', 'a//z', 'a/1', 'a/2/x', 'a/2/y']],
      ['a prefix that is a key', { prefix: 'b' }, ['b']],
      ['a prefix of nothing', { prefix: 'd' }, []],
      ['folders', { delimiter: '/' }, ['a', 'a/', 'b', 'c/', 'c0']],
      ['folders below a prefix', { prefix: 'a/', delimiter: '/' }, ['a/', 'a//', 'a/1', 'a/2/']],
      ['a delimiter of two characters', { delimiter: '//' }, ['a', 'a/', 'a//', 'a/1', 'a/2/x', 'a/2/y', 'b', 'c/d/e', 'c0']],
      ['a delimiter that is a letter', { delimiter: 'c' }, ['a', 'a/', 'a//z', 'a/1', 'a/2/x', 'a/2/y', 'b', 'c']],
    ] as const
  ).map(([what, query, expected]): MetadataCase => ({
    name: `listing: ${what}, by pages of every size`,
    async run(subject) {
      await makeBucket(subject)
      await putAll(subject, TREE)
      for (const limit of [1, 2, 3, 7, 1000]) {
        const { entries, pages } = await walk(subject, { ...query, limit })
        assert.deepEqual(entries, expected)
        // Every page but the last is full, and none is empty behind it.
        assert.equal(pages, Math.max(1, Math.ceil(expected.length / limit)))
      }
    },
  })),
  {
    name: 'unicode: keys order by their UTF-8 bytes, and are pages and prefixes like any other',
    async run(subject) {
      await makeBucket(subject)
      const keys = UNICODE.flatMap((character) => [character, `${character}/x`])
      await putAll(subject, keys.toReversed())
      const inOrder = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      for (const limit of [1, 3, 100]) assert.deepEqual((await walk(subject, { limit })).entries, inOrder)
      for (const character of UNICODE) {
        assert.deepEqual((await walk(subject, { prefix: character, limit: 1 })).entries, [character, `${character}/x`])
        assert.deepEqual((await walk(subject, { prefix: character, delimiter: '/', limit: 1 })).entries, [character, `${character}/`])
      }
      assert.deepEqual(
        (await walk(subject, { delimiter: '/', limit: 2 })).entries,
        UNICODE.flatMap((character) => [character, `${character}/`]),
      )
    },
  },
  {
    name: 'unicode: composed and decomposed, upper and lower are different keys',
    async run(subject) {
      await makeBucket(subject)
      const keys = ['\u00e9', 'e\u0301', 'E', 'e', ' e', 'e ']
      await putAll(subject, keys)
      assert.deepEqual(new Set((await walk(subject, {})).entries), new Set(keys))
    },
  },
  {
    name: 'listing: keys of a thousand bytes',
    async run(subject) {
      await makeBucket(subject)
      const keys = ['y', 'z'].map((last) => `${'é'.repeat(500)}${last}`)
      await putAll(subject, keys)
      assert.deepEqual((await walk(subject, { limit: 1 })).entries, keys)
      assert.deepEqual((await walk(subject, { prefix: keys[1] ?? '' })).entries, keys.slice(1))
    },
  },
  {
    name: 'listing: pages are full, although most rows are not visible',
    async run(subject) {
      await makeBucket(subject)
      for (let at = 0; at < 60; at += 1)
        await putText(subject, `d${at % 3}/k${String(at).padStart(3, '0')}`, { object: { ownerId: at % 10 === 0 ? 'me' : 'you' } })
      const visible = columnIs('owner_id', 'me')
      assert.deepEqual((await walk(subject, { visible, limit: 4 })).entries, [
        'd0/k000',
        'd0/k030',
        'd1/k010',
        'd1/k040',
        'd2/k020',
        'd2/k050',
      ])
      const page = await subject.store.listObjects(listQuery({ visible, limit: 4 }))
      assert.equal(page.objects.length, 4)
      assert.deepEqual((await walk(subject, { visible: NEVER, limit: 4 })).entries, [])
    },
  },
  {
    name: 'listing: a common prefix is there only if a visible row is below it',
    async run(subject) {
      await makeBucket(subject)
      for (const folder of ['a', 'b', 'c']) {
        await putText(subject, `${folder}/1`, { object: { ownerId: 'you' } })
        if (folder !== 'b') await putText(subject, `${folder}/2`, { object: { ownerId: 'me' } })
      }
      const visible = columnIs('owner_id', 'me')
      for (const limit of [1, 2, 9]) assert.deepEqual((await walk(subject, { visible, delimiter: '/', limit })).entries, ['a/', 'c/'])
    },
  },
  {
    name: 'listing: a page that may look at no more rows is short, and the next goes on',
    async run(subject) {
      await makeBucket(subject)
      for (let at = 0; at < 20; at += 1)
        await putText(subject, `k${String(at).padStart(2, '0')}`, { object: { ownerId: at === 13 ? 'me' : 'you' } })
      // Not by `=`: a store may find an owner by an index, and look at no other row.
      const visible: Predicate = { k: 'distinct', neg: true, a: { k: 'col', n: 'owner_id' }, b: { k: 'lit', t: 'text', v: 'me' } }
      const first = await subject.store.listObjects(listQuery({ visible, rowsScannedMax: 5 }))
      assert.deepEqual([first.objects.length, first.next], [0, { after: 'k04', skipPrefix: false, shown: false }])
      // Behind an entry of the page: of that one, whoever asks knows.
      const full = await subject.store.listObjects(listQuery({ limit: 2 }))
      assert.deepEqual(full.next, { after: 'k01', skipPrefix: false, shown: true })
      const { entries, pages } = await walk(subject, { visible, rowsScannedMax: 5 })
      assert.deepEqual(entries, ['k13'])
      assert.ok(pages >= 4)
    },
  },
  {
    name: 'listing: what a condition says of owner, folder or beginning is held against every row, however it is looked for',
    async run(subject) {
      await makeBucket(subject)
      const keys = ['a', 'a/', 'a/1', 'a/b/1', 'a/b/2', 'a0', 'b/1', 'b/a/1']
      for (const [at, key] of keys.entries()) await putText(subject, key, { object: { ownerId: at % 2 === 0 ? 'me' : 'you' } })
      const folder = (i: number, v: string): Predicate => ({
        k: 'cmp',
        op: '=',
        a: { k: 'idx', a: { k: 'call', f: 'foldername', a: [{ k: 'col', n: 'name' }] }, i },
        b: { k: 'lit', t: 'text', v },
      })
      const begins: Predicate = {
        k: 'call',
        f: 'starts_with',
        a: [
          { k: 'col', n: 'name' },
          { k: 'lit', t: 'text', v: 'a/' },
        ],
      }
      const mine = columnIs('owner_id', 'me')
      const found = async (visible: Predicate, more: object = {}): Promise<readonly string[]> =>
        (await walk(subject, { visible, limit: 1, rowsScannedMax: 1, ...more })).entries
      assert.deepEqual(await found(mine), ['a', 'a/1', 'a/b/2', 'b/1'])
      assert.deepEqual(await found(mine, { delimiter: '/' }), ['a', 'a/', 'b/'])
      assert.deepEqual(await found(folder(1, 'a')), ['a/', 'a/1', 'a/b/1', 'a/b/2'])
      assert.deepEqual(await found({ k: 'and', a: [folder(1, 'a'), folder(2, 'b'), mine] }), ['a/b/2'])
      assert.deepEqual(await found(folder(1, 'a'), { delimiter: '/' }), ['a/'])
      assert.deepEqual(await found(folder(1, 'a'), { prefix: 'a/b/' }), ['a/b/1', 'a/b/2'])
      assert.deepEqual(await found(folder(1, 'a'), { prefix: 'b' }), [])
      assert.deepEqual(await found({ k: 'and', a: [begins, mine] }, { prefix: 'a', delimiter: '/' }), ['a/'])
      assert.deepEqual(await found({ k: 'or', a: [folder(1, 'b'), mine] }), ['a', 'a/1', 'a/b/2', 'b/1', 'b/a/1'])
      assert.deepEqual(await found(columnIs('name', 'a0')), ['a0'])
      assert.deepEqual(await found({ k: 'and', a: [folder(1, 'a'), columnIs('name', 'b/1')] }), [])
    },
  },
  {
    name: 'listing: buckets do not see each other, nor markers and former versions',
    async run(subject) {
      await makeBucket(subject, 'enabled')
      await subject.store.createBucket({
        bucket: {
          id: `${BUCKET}2`,
          jurisdiction: 'default',
          name: 'second',
          account: 'acme',
          public: false,
          versioning: 'off',
          createdAt: new Date(0),
        },
        require: requirement(),
      })
      await putText(subject, 'other', { object: { bucketId: `${BUCKET}2` } })
      for (const version of ['v1', 'v2', 'v3']) await putText(subject, 'a', { object: { versionId: version } })
      await putText(subject, 'b', { object: { versionId: 'v1' } })
      await remove(subject, 'b')
      assert.deepEqual((await walk(subject, {})).entries, ['a'])
      assert.deepEqual((await walk(subject, { bucketId: `${BUCKET}2` })).entries, ['other'])
    },
  },
  ...[1, 2, 3, 100].map((limit): MetadataCase => ({
    name: `listing: versions by key, the newest first, ${limit} at a time`,
    async run(subject) {
      await makeBucket(subject, 'enabled')
      for (const key of ['b', 'a', 'a/x']) {
        for (const version of ['v1', 'v2', 'v3']) await putText(subject, key, { object: { versionId: version } })
      }
      await remove(subject, 'a')
      const found: string[] = []
      let position: Parameters<typeof subject.store.listVersions>[0]['position'] = null
      do {
        const page: Awaited<ReturnType<typeof subject.store.listVersions>> = await subject.store.listVersions({
          ...listQuery({ limit }),
          position,
        })
        found.push(...page.versions.map(({ key, versionId, latest }) => `${key} ${versionId}${latest ? '!' : ''}`))
        position = page.next
      } while (position !== null)
      assert.deepEqual(found, ['a m-a!', 'a v3', 'a v2', 'a v1', 'a/x v3!', 'a/x v2', 'a/x v1', 'b v3!', 'b v2', 'b v1'])
      const folders = await subject.store.listVersions({ ...listQuery({ delimiter: '/' }), position: null })
      assert.deepEqual([folders.commonPrefixes, folders.versions.length], [['a/'], 7])
    },
  })),
  ...[1, 2, 100].map((limit): MetadataCase => ({
    name: `listing: open uploads by key, then by id, ${limit} at a time`,
    async run(subject) {
      await makeBucket(subject)
      const uploads = [
        ['u3', 'a', 'parts'],
        ['u1', 'b', 'parts'],
        ['u2', 'b', 'parts'],
        ['u4', 'b', 'append'],
        ['u5', 'c/d', 'parts'],
      ] as const
      for (const [id, key, kind] of uploads)
        await subject.store.createUpload({ upload: newUpload(id, { key, kind }), require: requirement() })
      await subject.store.createUpload({ upload: newUpload('u6', { key: 'b' }), require: requirement() })
      await subject.store.abortUpload(target('u6', { key: 'b' }))
      const list = async (more: object): Promise<readonly string[]> => {
        const found: string[] = []
        let position: Parameters<typeof subject.store.listUploads>[0]['position'] = null
        do {
          const page: Awaited<ReturnType<typeof subject.store.listUploads>> = await subject.store.listUploads({
            ...listQuery({ limit }),
            kind: 'parts',
            ...more,
            position,
          })
          found.push(...page.uploads.map(({ uploadId }) => uploadId), ...page.commonPrefixes)
          position = page.next
        } while (position !== null)
        return found
      }
      assert.deepEqual(await list({}), ['u3', 'u1', 'u2', 'u5'])
      assert.deepEqual(await list({ kind: 'append' }), ['u4'])
      assert.deepEqual(await list({ delimiter: '/' }), ['u3', 'u1', 'u2', 'c/'])
      assert.deepEqual(await list({ prefix: 'b' }), ['u1', 'u2'])
      assert.deepEqual(await list({ visible: columnIs('owner_id', 'you') }), [])
    },
  })),
]
