import assert from 'node:assert/strict'
import type { MetadataStore } from '@stowage/core/metadata'
import type { Relation } from '@stowage/core/policy'
import {
  AT,
  blob,
  blobExtent,
  bucket,
  BUCKET,
  completion,
  content,
  makeBucket,
  newUpload,
  putBlobs,
  putText,
  remove,
  requirement,
  sendPart,
  target,
} from './support.ts'
import type { MetadataCase, MetadataSubject } from './support.ts'

/** Rows as they are, and the mark of a store. */
export const copyingCases: readonly MetadataCase[] = [
  {
    name: 'copying: pages come in the order of keys, and are of one moment where they are held',
    async run(subject) {
      const { copying } = subject.store
      await makeBucket(subject)
      for (const key of ['b', 'a\u0308', '\uffff', '\u{10000}', 'a']) await putText(subject, key)
      const { names, key } = copying.columns('objects')
      const keysIn = async (rows: typeof copying | Parameters<Parameters<typeof copying.held>[0]>[0]): Promise<unknown[]> => {
        const found: unknown[] = []
        let after = null
        do {
          const page: Awaited<ReturnType<typeof copying.rows>> = await rows.rows({ table: 'objects', after, limit: 2 })
          found.push(...page.rows.map((row) => row[names.indexOf('key')]))
          after = page.next
        } while (after !== null)
        return found
      }
      const inOrder = ['a', 'a\u0308', 'b', '\uffff', '\u{10000}']
      assert.deepEqual(key, ['bucket_id', 'key'])
      assert.deepEqual(await keysIn(copying), inOrder)
      await copying.held(async (held) => {
        await putText(subject, 'c')
        await putBlobs(subject, 'd', { names: ['x'] })
        assert.deepEqual(await keysIn(held), inOrder)
        assert.deepEqual([await held.count('objects'), await copying.count('objects')], [5, 7])
        assert.equal(await held.count('blob_refs'), 0)
      })
      assert.equal((await keysIn(copying)).length, 7)
      assert.ok(blobExtent('x').kind === 'blob' && (await copying.sequence()) >= 7)
    },
  },
  {
    name: 'copying: a page ends before its bytes are too many, and has one row at least',
    async run(subject) {
      const { copying } = subject.store
      await makeBucket(subject)
      for (const [at, size] of [10, 10, 3000, 10, 10, 10].entries()) await putText(subject, `${at}`, { text: 'x'.repeat(size) })
      const sizes: number[][] = []
      let after = null
      do {
        const query = { table: 'inline_bytes', after, limit: 4, bytesMax: 1000 } as const
        const page: Awaited<ReturnType<typeof copying.rows>> = await copying.rows(query)
        sizes.push(page.rows.map((row) => (row[1] instanceof Uint8Array ? row[1].length : 0)))
        after = page.next
      } while (after !== null)
      assert.deepEqual(sizes, [[10, 10], [3000], [10, 10, 10]])
    },
  },
  {
    name: 'copying: closing the store breaks off what is held, and waits for its end',
    async run(subject) {
      const { store } = subject
      await makeBucket(subject)
      const ends: string[] = []
      const begun = new AbortController()
      const held = store.copying.held(async (rows) => {
        begun.abort()
        try {
          for (;;) {
            await rows.count('buckets')
            await new Promise(setImmediate)
          }
        } finally {
          ends.push('held')
        }
      })
      const broken = assert.rejects(held, { code: 'StoreUnavailable' })
      while (!begun.signal.aborted) await new Promise(setImmediate)
      await store.close()
      ends.push('closed')
      await broken
      assert.deepEqual(ends, ['held', 'closed'])
    },
  },
  {
    name: 'copying: a mark goes with what is written, and is held against what is expected',
    async run(subject) {
      const { copying } = subject.store
      const mark = { state: 'copying', n: 1 } as const
      assert.equal(await copying.readMark(), null)
      assert.deepEqual(await copying.write({ expected: 3, mark }), { outcome: 'conflict', version: null })
      assert.deepEqual(await copying.write({ expected: null, mark, onlyEmpty: true }), { outcome: 'written', version: 1 })
      const row = ['id', 'default', 'name', 'acme', 0, 'off', 1]
      const insert = { table: 'buckets', rows: [row] } as const
      assert.deepEqual(await copying.write({ expected: null, mark, insert }), { outcome: 'conflict', version: 1 })
      assert.equal(await copying.count('buckets'), 0)
      assert.deepEqual(await copying.write({ expected: 1, mark, insert, sequence: 70_000 }), { outcome: 'written', version: 2 })
      assert.deepEqual((await copying.rows({ table: 'buckets', after: null, limit: 10 })).rows, [row])
      // The mark is of its store alone.
      assert.equal(await copying.count('documents'), 0)
      assert.ok((await copying.sequence()) >= 70_000)
      assert.deepEqual(await copying.write({ expected: 2, mark: null, onlyEmpty: true }), { outcome: 'not-empty', table: 'buckets' })
      assert.deepEqual(await copying.readMark(), { version: 2, body: mark })
      assert.deepEqual(await copying.write({ expected: 2, mark: null }), { outcome: 'written', version: null })
      assert.equal(await copying.readMark(), null)
      // Whoever knew a mark that was taken away does not take another one for it.
      assert.deepEqual(await copying.write({ expected: null, mark }), { outcome: 'written', version: 3 })
      assert.deepEqual(await copying.write({ expected: 2, mark: null }), { outcome: 'conflict', version: 3 })
      assert.equal(await copying.count('documents'), 0)
    },
  },
  {
    name: 'copying: a store of which a process said lately that it lives is in use',
    async run({ store, advance }) {
      const { copying } = store
      await store.heartbeat({ processId: 'p', oldestReadAgeMs: null })
      advance(20_000)
      const wish = { expected: null, mark: { state: 'moving' }, onlySilentForSeconds: 60 } as const
      assert.deepEqual(await copying.write(wish), { outcome: 'in-use', secondsAgo: 20 })
      advance(40_001)
      assert.equal((await copying.write(wish)).outcome, 'written')
    },
  },
  {
    name: 'copying: a store that is marked by others while it is open takes no command, but for one that is a backup',
    async run(subject) {
      const { store } = subject
      await makeBucket(subject)
      await putText(subject, 'k')
      await store.createUpload({ upload: newUpload('open'), require: requirement() })
      for (const state of ['copying', 'moving', 'moved'] as const) {
        const marked = await store.copying.write({ expected: null, mark: { state, from: 'here', to: 'there' } })
        for (const [name, command] of Object.entries(COMMANDS)) {
          await assert.rejects(command(subject), { code: 'StoreNotUsable' }, `${name} where it is ${state}`)
        }
        assert.ok(marked.outcome === 'written')
        await store.copying.write({ expected: marked.version, mark: null })
        assert.equal(await content(subject, 'k'), 'k')
      }
      await store.copying.write({ expected: null, mark: { state: 'backup' } })
      await putText(subject, 'k', { text: 'restored' })
      assert.equal(await content(subject, 'k'), 'restored')
    },
  },
]

const LEASE = { id: 'job', owner: 'process' }

/** What changes no row that anybody is served. */
type Reading =
  | 'name'
  | 'lagMilliseconds'
  | 'open'
  | 'close'
  | `find${string}`
  | `list${string}`
  | `read${string}`
  | 'judge'
  | 'inspectRelationTables'
  | 'inspection'
  | 'copying'
/** A command that is new is missing below until it is here. */
type Commands = { readonly [Name in Exclude<keyof MetadataStore, Reading>]: (subject: MetadataSubject) => Promise<unknown> }

/** Each command that changes rows, and the version that reads ask for. */
const COMMANDS: Commands = {
  policyVersion: ({ store }) => store.policyVersion(),
  raisePolicyVersion: ({ store }) => store.raisePolicyVersion(1),
  createBucket: ({ store }) => store.createBucket({ bucket: bucket({ id: 'new', name: 'new' }), require: requirement() }),
  deleteBucket: ({ store }) => store.deleteBucket({ bucketId: BUCKET, require: requirement() }),
  setVersioning: ({ store }) => store.setVersioning({ bucketId: BUCKET, versioning: 'enabled', require: requirement() }),
  setBucketPolicy: ({ store }) => store.setBucketPolicy({ bucketId: BUCKET, policy: null, require: requirement() }),
  commitObject: (subject) => putText(subject, 'new'),
  deleteObjects: (subject) => remove(subject, 'k'),
  createUpload: ({ store }) => store.createUpload({ upload: newUpload('another'), require: requirement() }),
  commitPart: (subject) => sendPart(subject, 'open', { number: 1, extents: [] }),
  commitAppend: ({ store }) =>
    store.commitAppend({
      ...target('open'),
      expectedOffset: 0,
      replaceFrom: 0,
      size: 1,
      extents: [blobExtent('new', 1)],
      fresh: [blob('new')],
      hashState: Buffer.alloc(0),
      declaredSize: null,
      objectExtentsMax: 1,
      at: AT,
      expiresAt: AT,
    }),
  completeUpload: ({ store }) => store.completeUpload(completion('open', [1])),
  abortUpload: ({ store }) => store.abortUpload(target('open')),
  expireUploads: ({ store }) => store.expireUploads({ answersKeptSeconds: 1, limit: 1 }),
  reserveBlobs: ({ store }) => store.reserveBlobs({ processId: 'process', blobs: [blob('new')] }),
  abandonBlobs: ({ store }) => store.abandonBlobs([blob('new')]),
  reservedAmong: ({ store }) => store.reservedAmong([blob('new')]),
  exchangeExtents: ({ store }) =>
    store.exchangeExtents({ bucketId: BUCKET, key: 'k', sequence: 1, manifestId: 1, moves: [], fresh: [blob('new')] }),
  heartbeat: ({ store }) => store.heartbeat({ processId: 'process', oldestReadAgeMs: null }),
  endProcess: ({ store }) => store.endProcess('process'),
  claimGarbage: ({ store }) => store.claimGarbage({ graceSeconds: 0, leaseSeconds: 60, limit: 10 }),
  forgetGarbage: ({ store }) => store.forgetGarbage([blob('new')]),
  holdGarbage: ({ store }) => store.holdGarbage({ holder: 'backup', seconds: 60 }),
  releaseGarbage: ({ store }) => store.releaseGarbage('backup'),
  takeJob: ({ store }) => store.takeJob({ ...LEASE, kind: 'job', leaseSeconds: 60 }),
  renewJob: ({ store }) => store.renewJob({ ...LEASE, leaseSeconds: 60 }),
  finishJob: ({ store }) => store.finishJob({ ...LEASE, againInSeconds: 1, done: true }),
  writeDocuments: ({ store }) => {
    const write = { kind: 'test', id: 'new', expected: 'any', body: 1, sealed: null } as const
    return store.writeDocuments({ writes: [write], raisesPolicyVersion: false })
  },
  changeRelationRows: ({ store }) => {
    const relation: Relation = {
      kept: 'engine',
      name: 'members',
      columns: { name: { type: 'text', nullable: false } },
      key: ['name'],
      indexes: [],
    }
    return store.changeRelationRows({
      relation,
      document: { kind: 'relation', id: 'members', version: 1 },
      put: [{ name: 'new' }],
      delete: [],
    })
  },
}
