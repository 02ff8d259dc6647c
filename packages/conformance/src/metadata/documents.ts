import assert from 'node:assert/strict'
import { DOCUMENT_LIMITS } from '@stowage/core/metadata'
import type { DocumentWrite, MetadataStore, StoredDocument, WriteDocumentsOutcome } from '@stowage/core/metadata'
import { makeBucket, type MetadataCase, putText } from './support.ts'

/** A write of the kind 'notes', new unless said otherwise. */
function note(id: string, more: Partial<DocumentWrite> = {}): DocumentWrite {
  return { kind: 'notes', id, expected: null, body: { of: id }, sealed: null, ...more }
}

function write(store: MetadataStore, ...writes: readonly DocumentWrite[]): Promise<WriteDocumentsOutcome> {
  return store.writeDocuments({ writes, raisesPolicyVersion: false })
}

async function read(store: MetadataStore, id: string, kind: string = 'notes'): Promise<StoredDocument | null> {
  const found = await store.readDocument({ kind, id })
  // Whatever kind of byte array it is.
  return found?.sealed ? { ...found, sealed: Uint8Array.from(found.sealed) } : found
}

const WRITTEN: WriteDocumentsOutcome = { outcome: 'written', policyVersion: 1 }

function invalid(store: MetadataStore, ...writes: readonly DocumentWrite[]): Promise<void> {
  return assert.rejects(write(store, ...writes), { code: 'InvalidArgument' })
}

function tooMuch(store: MetadataStore, ...writes: readonly DocumentWrite[]): Promise<void> {
  return assert.rejects(write(store, ...writes), { code: 'LimitExceeded' })
}

/** Lists inside each other. */
function nested(depth: number): unknown[] {
  let value: unknown[] = []
  for (let at = 1; at < depth; at += 1) value = [value]
  return value
}

/** Configurations by kind and id, changed by compare-and-set. */
export const documentCases: readonly MetadataCase[] = [
  {
    name: 'documents: what is written is read, whole',
    async run({ store }) {
      const body = { text: 'ä 😀 "\\ \n', many: [1, -0.5, 1e300, 1e-7, true, null, []], empty: {}, '': { __proto__x: 'y' } }
      const sealed = Uint8Array.from([0, 255, 92, 120])
      assert.deepEqual(await write(store, note('a', { body, sealed }), note('b', { body: 'just a text' })), WRITTEN)
      assert.deepEqual(await read(store, 'a'), { kind: 'notes', id: 'a', version: 1, body, sealed })
      assert.deepEqual(await read(store, 'b'), { kind: 'notes', id: 'b', version: 1, body: 'just a text', sealed: null })
      assert.equal(await read(store, 'A'), null)
      assert.equal(await read(store, 'a', 'other'), null)
    },
  },
  {
    name: 'documents: each is written only where it is what was expected, and counts its versions',
    async run({ store }) {
      const conflict = (version: number | null): WriteDocumentsOutcome => ({ outcome: 'conflict', kind: 'notes', id: 'a', version })
      assert.deepEqual(await write(store, note('a', { expected: 1 })), conflict(null))
      assert.deepEqual(await write(store, note('a', { body: 'first' })), WRITTEN)
      assert.deepEqual(await write(store, note('a', { body: 'second' })), conflict(1))
      assert.deepEqual(await write(store, note('a', { body: 'second', expected: 1 })), WRITTEN)
      assert.deepEqual(await write(store, note('a', { body: 'third', expected: 1 })), conflict(2))
      assert.deepEqual(await write(store, note('a', { body: null, expected: 1 })), conflict(2))
      assert.equal((await read(store, 'a'))?.body, 'second')
      assert.deepEqual(await write(store, note('a', { body: 'third', expected: 'any' })), WRITTEN)
      assert.equal((await read(store, 'a'))?.version, 3)
    },
  },
  {
    name: 'documents: one that is deleted is gone, and made again it has no version that it had before',
    async run({ store }) {
      const sealed = Uint8Array.from([1])
      await write(store, note('a', { sealed }), note('b'))
      await write(store, note('a', { expected: 1 }), note('c'))
      assert.deepEqual(await write(store, note('a', { body: null, expected: 2 })), WRITTEN)
      assert.equal(await read(store, 'a'), null)
      assert.deepEqual(await write(store, note('a', { body: null, expected: 'any' }), note('z', { body: null })), WRITTEN)
      assert.deepEqual(await write(store, note('a', { body: null, expected: 2 })), {
        outcome: 'conflict',
        kind: 'notes',
        id: 'a',
        version: null,
      })
      // A lower version that goes later changes nothing.
      await write(store, note('c', { body: null, expected: 1 }))
      await write(store, note('a', { body: 'again' }))
      const again = await read(store, 'a')
      assert.deepEqual(again, { kind: 'notes', id: 'a', version: again?.version, body: 'again', sealed: null })
      assert.ok(again !== null && again.version > 2)
      assert.deepEqual(
        (await store.readDocuments({ kinds: ['notes'] })).documents.map(({ id }) => id),
        ['a', 'b'],
      )
    },
  },
  {
    name: 'documents: all of a command are written, or none',
    async run({ store }) {
      await write(store, note('a'), note('b'))
      const outcome = await write(store, note('new'), note('a', { expected: 1, body: 2 }), note('b', { expected: 5, body: null }))
      assert.deepEqual(outcome, { outcome: 'conflict', kind: 'notes', id: 'b', version: 1 })
      assert.equal(await read(store, 'new'), null)
      assert.equal((await read(store, 'a'))?.version, 1)
      await write(store, note('new'), note('a', { expected: 1, body: 2 }), note('b', { expected: 1, body: null }))
      assert.deepEqual(
        (await store.readDocuments({ kinds: ['notes'] })).documents.map(({ id }) => id),
        ['a', 'new'],
      )
    },
  },
  {
    name: 'documents: those that matter to the policy raise its version with them, others do not',
    async run(subject) {
      const { store } = subject
      await makeBucket(subject)
      assert.deepEqual(await write(store, note('a')), WRITTEN)
      assert.equal(await store.policyVersion(), 1)
      const raised = await store.writeDocuments({ writes: [note('b')], raisesPolicyVersion: true })
      assert.deepEqual(raised, { outcome: 'written', policyVersion: 2 })
      const refused = await store.writeDocuments({ writes: [note('b')], raisesPolicyVersion: true })
      assert.equal(refused.outcome, 'conflict')
      assert.equal(await store.policyVersion(), 2)
      assert.deepEqual(await putText(subject, 'k'), { outcome: 'policy-changed', policyVersion: 2 })
    },
  },
  {
    name: 'documents: kinds are read together, with the policy version, and nothing else is',
    async run({ store }) {
      assert.deepEqual(await store.readDocuments({ kinds: ['notes', 'roles'] }), { policyVersion: 1, documents: [] })
      await write(store, note('b'), note('a'), note('b', { kind: 'roles' }), note('c', { kind: 'other-kind' }))
      const { documents, policyVersion } = await store.readDocuments({ kinds: ['roles', 'notes'] })
      assert.equal(policyVersion, 1)
      assert.deepEqual(
        documents.map(({ kind, id }) => `${kind}/${id}`),
        ['notes/a', 'notes/b', 'roles/b'],
      )
      assert.deepEqual(await store.readDocuments({ kinds: [] }), { policyVersion: 1, documents: [] })
    },
  },
  {
    name: 'documents: a kind is listed in pages, by the bytes of its ids',
    async run({ store }) {
      const ids = ['a', 'b/x', 'ä', '😀', '\u{fffd}', 'B', 'b']
      await write(store, ...ids.map((id) => note(id)), note('x', { kind: 'roles' }))
      await write(store, note('b', { body: null, expected: 1 }))
      const listed: string[] = []
      let after: string | null = null
      do {
        const page: Awaited<ReturnType<MetadataStore['listDocuments']>> = await store.listDocuments({ kind: 'notes', after, limit: 2 })
        assert.equal(page.documents.length, 2)
        listed.push(...page.documents.map(({ id }) => id))
        after = page.next
      } while (after !== null)
      assert.deepEqual(listed, ['B', 'a', 'b/x', 'ä', '\u{fffd}', '😀'])
      assert.deepEqual(await store.listDocuments({ kind: 'nothing', after: null, limit: 1 }), { documents: [], next: null })
      for (const limit of [0, -1, 1.5]) {
        await assert.rejects(store.listDocuments({ kind: 'notes', after: null, limit }), { code: 'InvalidArgument' })
      }
    },
  },
  {
    name: 'documents: what no store keeps as it is, is refused, and nothing is written',
    async run({ store }) {
      for (const kind of ['', 'Notes', 'a b', '-a', "a'"]) await invalid(store, note('a'), note('b', { kind }))
      for (const id of ['', 'a\u0000', '\ud800']) await invalid(store, note('a'), note(id))
      // As from JavaScript.
      const bodies: unknown[] = [{ a: undefined }, Number.NaN, [Infinity], new Date(0), { 'a\u0000': 1 }, ['\udc00'], 1n, new Map()]
      for (const body of bodies) await invalid(store, note('a'), note('b', { body: body as null }))
      for (const expected of [0, -1, 1.5]) await invalid(store, note('a', { expected }))
      await invalid(store, note('a', { expected: 'any', body: null, sealed: Uint8Array.from([1]) }))
      await invalid(store, note('a'), note('a'))
      await invalid(store)
      assert.deepEqual((await store.readDocuments({ kinds: ['notes'] })).documents, [])
    },
  },
  {
    name: 'documents: their limits hold to the byte',
    async run({ store }) {
      const { kindBytesMax, idBytesMax, bodyBytesMax, bodyDepthMax, sealedBytesMax, writesMax } = DOCUMENT_LIMITS
      const largest = note('ä'.repeat(idBytesMax / 2), {
        kind: 'k'.repeat(kindBytesMax),
        body: 'x'.repeat(bodyBytesMax - 2),
        sealed: new Uint8Array(sealedBytesMax),
      })
      const most = Array.from({ length: writesMax - 2 }, (_, at) => note(`${at}`))
      await write(store, largest, note('deep', { body: nested(bodyDepthMax) as [] }), ...most)
      assert.deepEqual((await read(store, largest.id, largest.kind))?.body, largest.body)
      await tooMuch(store, note('a', { kind: 'k'.repeat(kindBytesMax + 1) }))
      await tooMuch(store, note('x'.repeat(idBytesMax + 1)))
      await tooMuch(store, note('a', { body: 'x'.repeat(bodyBytesMax - 1) }))
      await tooMuch(store, note('a', { body: nested(bodyDepthMax + 1) as [] }))
      await tooMuch(store, note('a', { sealed: new Uint8Array(sealedBytesMax + 1) }))
      await tooMuch(store, ...Array.from({ length: writesMax + 1 }, (_, at) => note(`more ${at}`)))
      assert.equal(await read(store, 'a'), null)
    },
  },
  {
    name: 'documents: of many that write one version, exactly one does',
    async run({ store }) {
      await write(store, note('a', { body: -1 }))
      for (let version = 1; version <= 10; version += 1) {
        const outcomes = await Promise.all(
          Array.from({ length: 5 }, (_, at) => write(store, note(`b${version}`, { body: at }), note('a', { body: at, expected: version }))),
        )
        const winner = outcomes.findIndex(({ outcome }) => outcome === 'written')
        assert.equal(outcomes.filter(({ outcome }) => outcome === 'conflict').length, 4)
        assert.deepEqual([(await read(store, 'a'))?.body, (await read(store, `b${version}`))?.body], [winner, winner])
      }
    },
  },
  {
    name: 'documents: a read is one state, of the documents and of the policy version',
    async run({ store }) {
      const rounds = 15
      const writing = async (): Promise<void> => {
        for (let round = 1; round <= rounds; round += 1) {
          const writes = ['a', 'b'].map((id) => note(id, { expected: 'any', body: round }))
          assert.deepEqual(await store.writeDocuments({ writes, raisesPolicyVersion: true }), {
            outcome: 'written',
            policyVersion: round + 1,
          })
        }
      }
      let seen = 0
      const reading = async (): Promise<void> => {
        while (seen < rounds) {
          const { policyVersion, documents } = await store.readDocuments({ kinds: ['notes'] })
          seen = policyVersion - 1
          assert.deepEqual(
            documents.map(({ body }) => body),
            seen === 0 ? [] : [seen, seen],
          )
          // Reading takes no turn of the loop where it answers at once.
          await new Promise((resolve) => void setImmediate(resolve))
        }
      }
      await Promise.all([writing(), reading(), reading()])
    },
  },
]
