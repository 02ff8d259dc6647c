import { expect, test } from 'vitest'
import { bytesOf, describeOnEachStore, openTestEngine } from '../../test/engine-matrix.ts'
import type { TestEngine } from '../../test/engine-matrix.ts'
import { compareBytes } from '../model/byte-order.ts'
import { accountCaller } from '../policy/caller.ts'
import { unconditional } from '../policy/requirement.ts'
import type { Predicate } from '../policy/predicate.ts'
import type { ListObjectsInput } from './inputs.ts'

const KEYS = [
  '0/',
  '0/1',
  '0/2',
  '1999',
  '1999#',
  '1999+',
  'a',
  'a/b/c',
  'a/b/d',
  'a/c',
  'a//',
  'b',
  'foo+1/x',
  'foo/x',
  '\uffff',
  '\u{1f600}',
  '\u{1f600}/a',
]

async function filled({ session, bucket }: Pick<TestEngine, 'session' | 'bucket'>): Promise<void> {
  for (const key of KEYS) await session.putObject({ bucket, key, body: bytesOf(1) })
}

/** All pages, one behind the other; each name as it came. */
async function walk(
  { session, bucket }: TestEngine,
  input: Omit<ListObjectsInput, 'bucket'>,
  by: 'token' | 'marker' = 'token',
): Promise<string[]> {
  const names: string[] = []
  let next: Partial<ListObjectsInput> = {}
  for (let page = 0; page < 100; page += 1) {
    const { objects, commonPrefixes, truncated, nextToken, nextMarker } = await session.listObjects({ bucket, ...input, ...next })
    names.push(...[...objects.map(({ key }) => key), ...commonPrefixes].sort(compareBytes))
    expect([nextToken === null, nextMarker === null]).toEqual([!truncated, !truncated])
    if (nextToken === null || nextMarker === null) return names
    next = by === 'token' ? { continuationToken: nextToken } : { startAfter: nextMarker }
  }
  throw new Error('paging does not end')
}

/** What a listing must be, from all keys. */
function expected(prefix: string, delimiter: string): string[] {
  const names = KEYS.filter((key) => key.startsWith(prefix)).map((key) => {
    const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    return at === -1 ? key : key.slice(0, at + delimiter.length)
  })
  return [...new Set(names)].sort(compareBytes)
}

describeOnEachStore('listObjects', (store) => {
  test('a walk over folders leaves nothing out, not what begins where a folder ends', async () => {
    const opened = await openTestEngine(store)
    const { session, bucket } = opened
    const folders = Array.from({ length: 12 }, (_, at) => `f${String(at).padStart(2, '0')}/`)
    // '0' is the character behind '/'.
    const behind = ['f050', 'f070/']
    for (const key of [...folders.flatMap((folder) => [`${folder}a`, `${folder}b`]), 'f050', 'f070/a']) {
      await session.putObject({ bucket, key, body: bytesOf(1) })
    }
    const all = [...folders, ...behind].sort(compareBytes)
    for (const limit of [1, 2, 3, 7, 1000]) expect(await walk(opened, { delimiter: '/', limit })).toEqual(all)
    await opened.engine.close()
  })

  test('pages of every size give every name once, in the order of bytes', async () => {
    const world = await openTestEngine(store)
    await filled(world)
    for (const prefix of ['', '0', 'a/', 'foo', '\u{1f600}', 'nothing']) {
      for (const delimiter of ['', '/', '/b', '#']) {
        for (const limit of [1, 2, 3, 1000]) {
          const input = { prefix, delimiter, limit }
          expect(await walk(world, input), JSON.stringify(input)).toEqual(expected(prefix, delimiter))
          expect(await walk(world, input, 'marker'), JSON.stringify(input)).toEqual(expected(prefix, delimiter))
        }
      }
    }
    await world.engine.close()
  })

  test('starts behind a key, and behind a common prefix that is named', async () => {
    const world = await openTestEngine(store)
    const { session, bucket, engine } = world
    await filled(world)
    const after = async (startAfter: string, delimiter = ''): Promise<unknown> => {
      const { objects, commonPrefixes } = await session.listObjects({ bucket, startAfter, delimiter, limit: 2 })
      return [objects.map(({ key }) => key), commonPrefixes]
    }
    expect(await after('')).toEqual([['0/', '0/1'], []])
    expect(await after('0/')).toEqual([['0/1', '0/2'], []])
    expect(await after('0/', '/')).toEqual([['1999', '1999#'], []])
    expect(await after('0', '/')).toEqual([['1999'], ['0/']])
    expect(await after('\u{1f600}/a')).toEqual([[], []])
    await engine.close()
  })

  test('a limit of 0 shows nothing and hides that there is more; a large one is cut; nonsense is refused', async () => {
    const world = await openTestEngine(store, { limits: { listLimitMax: 3 } })
    const { session, bucket, engine } = world
    await filled(world)
    expect(await session.listObjects({ bucket, limit: 0 })).toEqual({
      objects: [],
      commonPrefixes: [],
      truncated: false,
      nextToken: null,
      nextMarker: null,
    })
    expect((await session.listObjects({ bucket, limit: 5000 })).objects).toHaveLength(3)
    expect((await session.listObjects({ bucket })).objects).toHaveLength(3)
    const wrong: Partial<ListObjectsInput>[] = [
      { limit: -1 },
      { limit: 1.5 },
      { prefix: 'a\0' },
      { continuationToken: '' },
      { continuationToken: 'x' },
    ]
    for (const input of wrong) await expect(session.listObjects({ bucket, ...input })).rejects.toMatchObject({ code: 'InvalidArgument' })
    await expect(session.listObjects({ bucket: { name: 'nowhere' } })).rejects.toMatchObject({ code: 'BucketNotFound' })
    await engine.close()
  })

  test('is filtered by the policy and by the scope, and pages stay full', async () => {
    const name: Predicate = { k: 'col', n: 'name' }
    const hidden: Predicate = { k: 'cmp', op: '<>', a: name, b: { k: 'lit', t: 'text', v: 'b' } }
    const policy = {
      require: ({ action, policyVersion }: { action: string; policyVersion: number }) => ({
        ...unconditional(policyVersion),
        ...(action === 'object.list' ? { existing: hidden } : {}),
      }),
    }
    const world = await openTestEngine(store, { policy })
    const { bucket, engine } = world
    await filled(world)
    expect(await walk(world, { limit: 4 })).toEqual(expected('', '').filter((key) => key !== 'b'))
    const scoped = engine.as({ ...accountCaller('owner'), scope: { prefixes: ['a/b/', 'foo/'], objects: ['b', '1999'] } })
    const { objects } = await scoped.listObjects({ bucket })
    expect(objects.map(({ key }) => key)).toEqual(['1999', 'a/b/c', 'a/b/d', 'foo/x'])
    const { commonPrefixes } = await scoped.listObjects({ bucket, delimiter: '/', prefix: '' })
    expect(commonPrefixes).toEqual(['a/', 'foo/'])
    await engine.close()
  })

  test('a page that looked at enough rows is short, and its token still advances', async () => {
    const policy = {
      require: ({ action, policyVersion }: { action: string; policyVersion: number }) => ({
        ...unconditional(policyVersion),
        ...(action === 'object.list'
          ? // Not by `=`, which an index finds at once.
            { existing: { k: 'distinct', neg: true, a: { k: 'col', n: 'name' }, b: { k: 'lit', t: 'text', v: '\u{1f600}' } } as const }
          : {}),
      }),
    }
    const world = await openTestEngine(store, { policy, limits: { rowsScannedMax: 4 } })
    await filled(world)
    const first = await world.session.listObjects({ bucket: world.bucket })
    expect(first).toMatchObject({ objects: [], truncated: true })
    expect(await walk(world, {})).toEqual(['\u{1f600}'])
    expect(await walk(world, {}, 'marker')).toEqual(['\u{1f600}'])
    await world.engine.close()
  })

  test('shows the current version of each key, and of it what its PUT said', async () => {
    const world = await openTestEngine(store, { versioning: 'enabled' })
    const { session, bucket, engine } = world
    await session.putObject({ bucket, key: 'a', body: bytesOf(1) })
    const current = await session.putObject({
      bucket,
      key: 'a',
      body: bytesOf(2),
      userMetadata: { m: '1' },
      headers: { contentType: 'x/y', storageClass: 'STANDARD' },
    })
    await session.putObject({ bucket, key: 'b', body: bytesOf(1) })
    await session.deleteObject({ bucket, key: 'b' })
    const { bucketId, key, versionId, sequence, size, etag, headers, ownerId, createdAt, checksum } = current
    const kind = checksum && { algorithm: checksum.algorithm, type: checksum.type }
    const summary = { bucketId, key, versionId, sequence, size, etag, headers, ownerId, createdAt, checksum: kind }
    expect((await session.listObjects({ bucket })).objects).toEqual([summary])
    await engine.close()
  })

  test('versions: by key, the newest first, markers included, page after page', async () => {
    const world = await openTestEngine(store, { versioning: 'enabled' })
    const { session, bucket, engine } = world
    const put = async (key: string): Promise<string> => (await session.putObject({ bucket, key, body: bytesOf(1) })).versionId
    const [a1, b1, a2, c1] = [await put('a'), await put('b/x'), await put('a'), await put('c')]
    const marker = (await session.deleteObject({ bucket, key: 'a' })).versionId
    const all = [marker, a2, a1, b1, c1]
    const { versions } = await session.listVersions({ bucket })
    expect(versions.map(({ versionId }) => versionId)).toEqual(all)
    expect(versions.map(({ latest, deleteMarker }) => [latest, deleteMarker])).toEqual([
      [true, true],
      [false, false],
      [false, false],
      [true, false],
      [true, false],
    ])

    for (const limit of [1, 2, 3]) {
      const seen: string[] = []
      let markers: { keyMarker?: string; versionIdMarker?: string } = {}
      for (;;) {
        const page = await session.listVersions({ bucket, limit, ...markers })
        seen.push(...page.versions.map(({ versionId }) => versionId))
        if (page.nextKeyMarker === null) break
        markers = {
          keyMarker: page.nextKeyMarker,
          ...(page.nextVersionIdMarker === null ? {} : { versionIdMarker: page.nextVersionIdMarker }),
        }
      }
      expect(seen).toEqual(all)
    }
    const from = async (input: object): Promise<string[]> =>
      (await session.listVersions({ bucket, ...input })).versions.map(({ versionId }) => versionId)
    expect(await from({ keyMarker: 'a' })).toEqual([b1, c1])
    expect(await from({ keyMarker: 'a', versionIdMarker: a2 })).toEqual([a1, b1, c1])
    expect(await session.listVersions({ bucket, delimiter: '/', keyMarker: 'b/' })).toMatchObject({
      versions: [{ versionId: c1 }],
      commonPrefixes: [],
    })
    expect((await session.listVersions({ bucket, delimiter: '/' })).commonPrefixes).toEqual(['b/'])
    await expect(from({ versionIdMarker: a2 })).rejects.toMatchObject({ code: 'InvalidArgument' })
    await expect(from({ keyMarker: 'a', versionIdMarker: b1 })).rejects.toMatchObject({ code: 'InvalidArgument' })

    // The version a page ended with may be gone before the next one.
    const page = await session.listVersions({ bucket, limit: 2 })
    await session.deleteObject({ bucket, key: 'a', versionId: a2 })
    expect(await from({ keyMarker: page.nextKeyMarker, versionIdMarker: page.nextVersionIdMarker })).toEqual([a1, b1, c1])
    await engine.close()
  })

  test('a version marker tells a credential nothing of keys that it does not reach', async () => {
    const world = await openTestEngine(store)
    const { session, bucket, engine } = world
    await session.putObject({ bucket, key: 'secret', body: bytesOf(1) })
    await session.putObject({ bucket, key: 'mine/a', body: bytesOf(1) })
    const scoped = engine.as({ ...accountCaller('owner'), scope: { prefixes: ['mine/'] } })
    for (const keyMarker of ['secret', 'absent']) {
      await expect(scoped.listVersions({ bucket, keyMarker, versionIdMarker: 'null' })).rejects.toMatchObject({ code: 'InvalidArgument' })
    }
    expect((await scoped.listVersions({ bucket, keyMarker: 'mine/a', versionIdMarker: 'null' })).versions).toEqual([])
    await engine.close()
  })
})
