import * as fc from 'fast-check'
import { objectPolicyRow, type ObjectFacts, type PolicyRow } from '../src/policy/predicate-row.ts'
import type { Predicate } from '../src/policy/predicate.ts'

/** Texts that databases, patterns, JSON and UTF-16 trip over. */
export const HOSTILE_TEXTS: readonly string[] = [
  '', 'a', 'A', 'b', 'aa', 'ä', 'Ä', 'İ', 'a%', 'a_', '%', '_', '*', '?', '[a]', "'", '"', '\\', '/', 'a/b', 'a/', '/a', 'a//b', 'a.png', '.x',
  'a.', '{}', 'null', '1', '12', ' ', '\n', '\t', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}', 'image/png',
] // prettier-ignore

const hostile = fc.constantFrom(...HOSTILE_TEXTS)
const NUMBERS = [0, 1, -1, 12, 1.5, 4_294_967_296, 9_007_199_254_740_991]

/** Keys made of hostile pieces; never empty. */
const arbitraryKey: fc.Arbitrary<string> = fc
  .array(hostile, { minLength: 1, maxLength: 4 })
  .map((pieces) => pieces.join(''))
  .filter((key) => key !== '')

/** What a row of `objects` can hold. */
export const arbitraryFacts: fc.Arbitrary<ObjectFacts> = fc.record({
  key: arbitraryKey,
  ownerId: fc.option(hostile),
  versionId: fc.constantFrom('null', 'v1', 'V1'),
  createdAt: fc.constantFrom(0, 1, 12, 4_294_967_296).map((time) => new Date(time)),
  size: fc.constantFrom(0, 1, 12, 4_294_967_296),
  etag: hostile,
  headers: fc.option(hostile).map((contentType) => (contentType === null ? {} : { contentType })),
  userMetadata: fc.dictionary(fc.constantFrom('a', 'team', 'a.b', '"', "'", '$', '[0]', 'ä'), hostile, { maxKeys: 2 }),
})

/** The same, as a predicate sees it. */
export const arbitraryRow: fc.Arbitrary<PolicyRow> = fc
  .tuple(hostile, arbitraryFacts)
  .map(([bucketName, facts]) => objectPolicyRow(bucketName, facts))

type Expressions = {
  readonly text: Predicate
  readonly num: Predicate
  readonly bool: Predicate
}

const lit = (t: 'bool' | 'text' | 'num', v: string | number | boolean | null): Predicate => ({ k: 'lit', t, v })
const column = (n: Extract<Predicate, { k: 'col' }>['n']): Predicate => ({ k: 'col', n })
const NAME = column('name')
const TEXT_COLUMNS = ['bucket_id', 'name', 'owner_id', 'version', 'etag', 'content_type', 'account'] as const

const { bool } = fc.letrec<Expressions>((tie) => ({
  text: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    hostile.map((v) => lit('text', v)),
    fc.constant(lit('text', null)),
    fc.constantFrom(...TEXT_COLUMNS).map(column),
    fc.constantFrom('sub', 'role', 'account', 'operation').map((f): Predicate => ({ k: 'ctx', f })),
    fc
      .tuple(
        fc.constantFrom('metadata', 'user_metadata'),
        fc.constantFrom('mimetype', 'size', 'contentLength', 'eTag', 'a', 'team', 'a.b', '"', "'", '$', '[0]', 'ä'),
      )
      .map(([n, p]): Predicate => ({ k: 'json', a: column(n), p, text: true })),
    fc.tuple(fc.boolean(), fc.integer({ min: -2, max: 5 })).map(([folder, i]): Predicate => ({
      k: 'idx',
      a: folder ? { k: 'call', f: 'foldername', a: [NAME] } : column('path_tokens'),
      i,
    })),
    fc.constantFrom('filename', 'extension').map((f): Predicate => ({ k: 'call', f, a: [NAME] })),
    fc.tuple(fc.constantFrom('lower', 'upper'), tie('text')).map(([f, a]): Predicate => ({ k: 'call', f, a: [a] })),
    fc.array(tie('text'), { minLength: 1, maxLength: 3 }).map((a): Predicate => ({ k: 'call', f: 'coalesce', a })),
  ),
  num: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(...NUMBERS, null).map((v) => lit('num', v)),
    fc.constantFrom('size', 'created_at').map(column),
    fc.array(tie('num'), { minLength: 1, maxLength: 3 }).map((a): Predicate => ({ k: 'call', f: 'coalesce', a })),
  ),
  bool: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(true, false, null).map((v) => lit('bool', v)),
    fc.constant(column('public')),
    ...(['text', 'num', 'bool'] as const).flatMap((type) => [
      fc
        .tuple(fc.constantFrom('=', '<>', '<', '<=', '>', '>='), tie(type), tie(type))
        .map(([op, a, b]): Predicate => ({ k: 'cmp', op, a, b })),
      fc.tuple(tie(type), tie(type), fc.boolean()).map(([a, b, neg]): Predicate => ({ k: 'distinct', a, b, neg })),
      fc.tuple(tie(type), fc.array(tie(type), { maxLength: 3 }), fc.boolean()).map(([a, l, neg]): Predicate => ({ k: 'in', a, l, neg })),
      fc.tuple(tie(type), fc.boolean()).map(([a, neg]): Predicate => ({ k: 'isnull', a, neg })),
    ]),
    fc
      .tuple(
        fc.constantFrom(column('metadata'), column('user_metadata'), column('path_tokens'), {
          k: 'call',
          f: 'foldername',
          a: [NAME],
        } as const),
        fc.boolean(),
      )
      .map(([a, neg]): Predicate => ({ k: 'isnull', a, neg })),
    fc
      .tuple(fc.constantFrom('IS_TRUE', 'IS_NOT_TRUE', 'IS_FALSE', 'IS_NOT_FALSE', 'IS_UNKNOWN', 'IS_NOT_UNKNOWN'), tie('bool'))
      .map(([op, a]): Predicate => ({ k: 'istest', op, a })),
    fc.tuple(fc.constantFrom('and', 'or'), fc.array(tie('bool'), { maxLength: 4 })).map(([k, a]): Predicate => ({ k, a })),
    tie('bool').map((a): Predicate => ({ k: 'not', a })),
    fc.tuple(tie('text'), tie('text')).map((a): Predicate => ({ k: 'call', f: 'starts_with', a })),
  ),
}))

/** Well-typed conditions of every node kind. */
export const arbitraryPredicate: fc.Arbitrary<Predicate> = bool

/** Constants of a request. */
export const arbitraryContext = fc.record({
  sub: fc.option(hostile),
  role: fc.option(hostile),
  account: fc.option(hostile),
  operation: fc.option(hostile),
})
