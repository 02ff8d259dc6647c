import { expect, test } from 'vitest'
import { parseBlobKey } from '../../backend/blob-key.ts'
import type { PlacedExtent } from '../../metadata/exchange.ts'
import { DEFAULT_JOIN_RULES, planJoins } from './join-policy.ts'
import type { JoinPowers, JoinRules } from './join-policy.ts'
import { resolveJoins } from './resolve-joins.ts'

const POWERS: JoinPowers = {
  backendId: 'main',
  blobSizeMax: 1_000_000,
  sourceCountMax: 10,
  sourceSizeMin: 100,
  sourceSizeMax: 10_000,
  sourceSizesEqual: false,
}
const RULES: JoinRules = { extentsMin: 2, extentSizeMax: 1_000_000, sourcesMax: 100 }

function whole(name: string, length = 100, more: object = {}): PlacedExtent {
  const place = { backendId: 'main', blob: parseBlobKey(name), storedOffset: 0, storedLength: length }
  return { kind: 'blob', ...place, length, crc32c: 7, envelope: null, shared: false, ...more }
}

/** The runs of a plan, by the names of their blobs. */
function plan(extents: readonly PlacedExtent[], powers: Partial<JoinPowers> = {}, rules: Partial<JoinRules> = {}): readonly string[] {
  const runs = planJoins(extents, { powers: { ...POWERS, ...powers }, rules: { ...RULES, ...rules } })
  return runs.map((run) => run.map(({ blob }): string => blob).join(''))
}

const ABCD = ['a', 'b', 'c', 'd'].map((name) => whole(name))

test('neighbours become one', () => {
  expect(plan(ABCD)).toEqual(['abcd'])
  expect(plan([])).toEqual([])
  expect(plan([whole('a')])).toEqual([])
})

test('objects of few extents, or of large ones, stay as they are', () => {
  expect(plan(ABCD, {}, { extentsMin: 5 })).toEqual([])
  expect(plan(ABCD, {}, { extentsMin: 4 })).toEqual(['abcd'])
  expect(plan(ABCD, {}, { extentSizeMax: 99 })).toEqual([])
  expect(plan([...ABCD, whole('e', 9_000)], {}, { extentSizeMax: 1_880 })).toEqual(['abcde'])
  expect(plan([...ABCD, whole('e', 9_000)], {}, { extentSizeMax: 1_879 })).toEqual([])
})

test('no join takes more than the backend can, or the rules say', () => {
  expect(plan(ABCD, { sourceCountMax: 2 })).toEqual(['ab', 'cd'])
  expect(plan(ABCD, {}, { sourcesMax: 3 })).toEqual(['abc'])
  expect(plan(ABCD, { blobSizeMax: 299 })).toEqual(['ab', 'cd'])
  expect(plan(ABCD, { blobSizeMax: 300 })).toEqual(['abc'])
})

test('a source is neither too small, unless it is the last, nor too large', () => {
  expect(plan([whole('a'), whole('b', 99), whole('c'), whole('d')])).toEqual(['ab', 'cd'])
  expect(plan([whole('a'), whole('b', 99)])).toEqual(['ab'])
  expect(plan([whole('a', 99), whole('b'), whole('c')])).toEqual(['bc'])
  expect(plan([whole('a'), whole('b', 10_001), whole('c'), whole('d', 10_000)])).toEqual(['cd'])
})

test('sources of one size, where the backend wants that: only the last may be smaller', () => {
  const equal = { sourceSizesEqual: true }
  expect(plan([...ABCD, whole('e', 30)], equal)).toEqual(['abcde'])
  expect(plan([...ABCD, whole('e', 130)], equal)).toEqual(['abcd'])
  expect(plan([whole('a', 200), whole('b'), whole('c'), whole('d', 200)], equal)).toEqual(['ab'])
})

test('only whole blobs of the backend, in the clear, that nobody else holds', () => {
  const envelope = { scheme: 's', dataKeyId: 'k', salt: new Uint8Array(1), frameSize: 10, firstFrame: 0, skip: 0 }
  const others: readonly PlacedExtent[] = [
    { kind: 'inline', length: 100, crc32c: 7, envelope: null },
    whole('x', 100, { shared: true }),
    whole('x', 100, { backendId: 'other' }),
    whole('x', 100, { crc32c: null }),
    whole('x', 100, { storedOffset: 1 }),
    whole('x', 100, { storedLength: 116, envelope }),
  ]
  for (const other of others) {
    expect(plan([whole('a'), whole('b'), other, whole('c'), whole('d')])).toEqual(['ab', 'cd'])
    expect(plan([other, whole('a'), other, whole('b'), other])).toEqual([])
  }
  // What is named twice would have to move to two places.
  expect(plan([whole('a'), whole('b'), whole('x'), whole('c'), whole('d'), whole('x')])).toEqual(['ab', 'cd'])
})

test('is asked for, or never', () => {
  expect(resolveJoins()).toBe(null)
  expect(resolveJoins('never')).toBe(null)
  expect(resolveJoins({})).toEqual(DEFAULT_JOIN_RULES)
  expect(resolveJoins({ extentsMin: 5 })).toEqual({ ...DEFAULT_JOIN_RULES, extentsMin: 5 })
  const wrong = (rules: object, argument: string): void => {
    expect(() => resolveJoins(rules)).toThrow(
      expect.objectContaining({ code: 'InvalidArgument', details: expect.objectContaining({ argument }) }),
    )
  }
  wrong({ extents: 5 }, 'joins.extents')
  wrong({ extentsMin: 1 }, 'joins.extentsMin')
  wrong({ sourcesMax: 2.5 }, 'joins.sourcesMax')
})
