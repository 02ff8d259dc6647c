import * as fc from 'fast-check'
import type { PredicateContext } from '../../src/policy/fold-predicate.ts'
import { type BucketRowFacts, objectPolicyRow, type ObjectFacts, type PolicyRow } from '../../src/policy/predicate-row.ts'
import type { ExpressionType } from '../../src/policy/predicate-type.ts'
import type { CastType, JsonValue, LiteralType, LiteralValue, Predicate, RowColumn } from '../../src/policy/predicate.ts'
import { arbitraryRelationColumn, MEMBERS } from './relation-samples.ts'

/** Texts that databases, patterns, JSON and UTF-16 trip over. */
export const HOSTILE_TEXTS: readonly string[] = [
  '', 'a', 'A', 'b', 'aa', 'ä', 'Ä', 'İ', 'a%', 'a_', '%', '_', '*', '?', '[a]', "'", '"', '\\', '/', 'a/b', 'a/', '/a', 'a//b', 'a.png', '.x',
  'a.', '{}', 'null', '1', '12', ' ', '\n', '\t', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}', 'image/png',
] // prettier-ignore

/** Texts that are something else, or nearly. */
const CASTABLE_TEXTS: readonly string[] = [
  '0', '-1', ' 7 ', '+3', '1_000', '1__0', '_1', '0x1F', '0b11', '0o17', '2147483647', '2147483648', '-2147483648', '9223372036854775807',
  '9223372036854775808', '-9223372036854775808', '9007199254740993', '1.5', '.5', '5.', '0x1.8p1', '0x', '1e5', '1e400', '1e-400', '-0', 'NaN', 'inf', '-Infinity', '1e',
  't', 'TRUE', 'tr', 'of', 'o', 'on', ' yes ', 'n', 'truex', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
  '{a0eebc999c0b4ef8bb6d6bb9bd380a11}', 'a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1',
] // prettier-ignore

const UUIDS = ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff']
const PATTERNS = ['a%', '%a', '%a%', '_', 'a_', '%%', '\\%%', 'a\\_', '[a]%', '*%', '%?', 'İ%', '_ä%', '\\\\%', '%\\', '%b%.%', 'A%']
const TIMES = [0, 1, 12, 4_294_967_296, -1, 253_402_300_799_999]
const OPERATIONS = ['storage.object.list', 'object.list', 'storage.s3.upload', '', 'storage.']

const hostile = fc.constantFrom(...HOSTILE_TEXTS)
const texts = fc.oneof(hostile, fc.constantFrom(...CASTABLE_TEXTS))
const orNull = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { freq: 8 })
const MEMBER_NAMES = ['mimetype', 'size', 'contentLength', 'eTag', 'a', 'team', 'a.b', '"', "'", '$', '[0]', 'ä', 'teams'] as const

/** Keys made of hostile pieces; never empty. */
const arbitraryKey: fc.Arbitrary<string> = fc
  .array(texts, { minLength: 1, maxLength: 4 })
  .map((pieces) => pieces.join(''))
  .filter((key) => key !== '')

const ids = fc.oneof(hostile, fc.constantFrom(...UUIDS, 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '{a0eebc999c0b4ef8bb6d6bb9bd380a11}'))

/** What a row of `objects` can hold. */
export const arbitraryFacts: fc.Arbitrary<ObjectFacts> = fc.record({
  key: arbitraryKey,
  ownerId: fc.option(ids),
  versionId: fc.oneof(fc.constantFrom('null', 'v1', 'V1'), fc.constantFrom(...UUIDS)),
  createdAt: fc.constantFrom(0, 1, 12, 4_294_967_296).map((time) => new Date(time)),
  size: fc.constantFrom(0, 1, 12, 4_294_967_296, 9_007_199_254_740_991),
  etag: hostile,
  headers: fc.option(texts).map((contentType) => (contentType === null ? {} : { contentType })),
  userMetadata: fc.dictionary(fc.constantFrom('a', 'team', 'a.b', '"', "'", '$', '[0]', 'ä'), texts, { maxKeys: 3 }),
})

const arbitraryBucket: fc.Arbitrary<BucketRowFacts> = fc.record({ name: hostile, account: ids, public: fc.boolean() })

/** The same, as a predicate sees it. */
export const arbitraryRow: fc.Arbitrary<PolicyRow> = fc
  .tuple(arbitraryBucket, arbitraryFacts)
  .map(([bucket, facts]) => objectPolicyRow(bucket, facts))

const { json: arbitraryJson } = fc.letrec<{ json: JsonValue }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<JsonValue>(null, true, false, 0, 1, 12, 1.5, -0.25, 1e21, 1e-7, 1.5e300),
    texts,
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...MEMBER_NAMES), tie('json'), { maxKeys: 3 }),
  ),
}))

const arbitraryClaims = fc.record(
  {
    a: arbitraryJson,
    team: texts,
    teams: fc.oneof(fc.array(fc.oneof(texts, fc.constant(null)), { maxLength: 3 }), arbitraryJson),
    size: arbitraryJson,
  },
  { requiredKeys: [] },
)

/** Constants of a request. */
export const arbitraryContext: fc.Arbitrary<PredicateContext> = fc.record({
  sub: fc.option(ids),
  role: fc.option(hostile),
  account: fc.option(hostile),
  operation: fc.option(fc.constantFrom(...OPERATIONS)),
  ip: fc.option(hostile),
  key: fc.option(hostile),
  jwt: fc.option(arbitraryClaims, { freq: 8 }),
  now: fc.option(
    fc.constantFrom(...TIMES.slice(0, 4)).map((time) => new Date(time)),
    { freq: 8 },
  ),
})

/** Whether, and what, the conditions of relations may do. */
interface Place {
  /** The relations around it, outermost first. */
  readonly aliases: readonly string[]
  /** Whether nodes that can fail may stand here: in which order a database looks at the rows of a relation is its own business. */
  readonly fails: boolean
  /** Conditions inside a relation; null where none is to be entered any more. */
  readonly inner: { readonly alias: string; readonly grammar: Grammar } | null
}

type Grammar = { readonly [T in ExpressionType]: fc.Arbitrary<Predicate> }

const lit = (t: LiteralType, v: LiteralValue): Predicate => ({ k: 'lit', t, v })
const column = (n: RowColumn): Predicate => ({ k: 'col', n })
const context = (f: Extract<Predicate, { k: 'ctx' }>['f']): Predicate => ({ k: 'ctx', f })
const call = (f: Extract<Predicate, { k: 'call' }>['f'], ...a: readonly Predicate[]): Predicate => ({ k: 'call', f, a })
const literals = <T extends LiteralValue>(t: LiteralType, values: fc.Arbitrary<T>): fc.Arbitrary<Predicate> =>
  orNull(values).map((v) => lit(t, v))

const COMPARABLE = ['bool', 'text', 'int', 'bigint', 'num', 'uuid', 'timestamptz'] as const

const DEPTH_MAX = 8

function grammarOf(place: Place): Grammar {
  const depthIdentifier = fc.createDepthIdentifier()
  return fc.letrec<{ [T in ExpressionType]: Predicate }>((tie) => {
    const options = { depthSize: 'small', maxDepth: DEPTH_MAX, depthIdentifier, withCrossShrink: true } as const
    const oneOf = (...types: readonly ExpressionType[]): fc.Arbitrary<Predicate> => fc.oneof(...types.map((type) => tie(type)))
    const cast = (from: ExpressionType, t: CastType): fc.Arbitrary<Predicate> => tie(from).map((a) => ({ k: 'cast', a, t }))
    const casts = (from: readonly ExpressionType[], t: CastType): fc.Arbitrary<Predicate> => fc.oneof(...from.map((type) => cast(type, t)))
    const whereFails = (...arbitraries: readonly fc.Arbitrary<Predicate>[]): readonly fc.Arbitrary<Predicate>[] =>
      place.fails ? arbitraries : []
    const relation = (type: ExpressionType): readonly fc.Arbitrary<Predicate>[] =>
      place.aliases.flatMap((alias) => arbitraryRelationColumn(alias, type) ?? [])
    const coalesce = (type: ExpressionType): fc.Arbitrary<Predicate> =>
      fc.array(tie(type), { minLength: 1, maxLength: 3 }).map((a) => call('coalesce', ...a))
    const step = fc.oneof(fc.constantFrom(...MEMBER_NAMES), fc.constantFrom(0, 1, -1))
    return {
      text: fc.oneof(
        options,
        literals('text', texts),
        ...relation('text'),
        {
          weight: 3,
          arbitrary: fc.constantFrom<RowColumn>('bucket_id', 'name', 'owner_id', 'version', 'etag', 'content_type', 'account').map(column),
        },
        fc.constantFrom('sub', 'role', 'account', 'operation', 'ip', 'key').map(context),
        {
          weight: 3,
          arbitrary: fc
            .tuple(fc.constantFrom<RowColumn>('metadata', 'user_metadata'), step)
            .map(([n, p]) => ({ k: 'json', a: column(n), p, text: true }) as const),
        },
        fc.tuple(tie('jsonb'), step).map(([a, p]) => ({ k: 'json', a, p, text: true }) as const),
        fc.tuple(tie('text[]'), fc.integer({ min: -2, max: 5 })).map(([a, i]) => ({ k: 'idx', a, i }) as const),
        fc
          .tuple(fc.constantFrom('filename', 'extension', 'lower', 'upper'), fc.oneof(fc.constant(column('name')), tie('text')))
          .map(([f, a]) => call(f, a)),
        fc.tuple(tie('text'), tie('text')).map(([a, b]) => ({ k: 'concat', a, b }) as const),
        fc.tuple(tie('text'), tie('text'), fc.constantFrom(-2, -1, 1, 2)).map(([a, b, at]) => call('split_part', a, b, lit('int', at))),
        ...whereFails(fc.tuple(tie('text'), tie('text'), tie('int')).map(([a, b, at]) => call('split_part', a, b, at))),
        casts(['bool', 'int', 'bigint', 'num', 'uuid', 'jsonb'], 'text'),
        coalesce('text'),
      ),
      int: fc.oneof(
        options,
        literals('int', fc.constantFrom(0, 1, -1, 12, 2_147_483_647, -2_147_483_648)),
        ...relation('int'),
        cast('bool', 'int'),
        ...whereFails(casts(['text', 'bigint', 'num'], 'int')),
        coalesce('int'),
      ),
      bigint: fc.oneof(
        options,
        literals('bigint', fc.constantFrom('0', '12', '-1', '9007199254740993', '9223372036854775807', '-9223372036854775808')),
        ...relation('bigint'),
        fc.constant(column('size')),
        cast('int', 'bigint'),
        ...whereFails(casts(['text', 'num'], 'bigint')),
        fc.tuple(tie('int'), tie('bigint')).map((a) => call('coalesce', ...a)),
      ),
      num: fc.oneof(
        options,
        literals(
          'num',
          fc.constantFrom(0, 1, -1, 12, 0.5, 1.5, 2.5, 1e-5, 1e15, 123456789012345, 4_294_967_296, 9_007_199_254_740_991, 9.3e18),
        ),
        casts(['int', 'bigint'], 'num'),
        ...whereFails(cast('text', 'num')),
        fc.tuple(tie('int'), tie('num')).map((a) => call('coalesce', ...a)),
      ),
      uuid: fc.oneof(
        options,
        literals('uuid', fc.constantFrom(...UUIDS)),
        ...relation('uuid'),
        fc.constantFrom<RowColumn>('id', 'owner').map(column),
        ...whereFails(fc.constant(context('uid')), cast('text', 'uuid')),
        coalesce('uuid'),
      ),
      timestamptz: fc.oneof(
        options,
        literals('timestamptz', fc.constantFrom(...TIMES)),
        ...relation('timestamptz'),
        fc.constantFrom<RowColumn>('created_at', 'updated_at', 'last_accessed_at').map(column),
        fc.constant(context('now')),
        fc
          .constantFrom('1970-01-01T00:00:00.012Z', '2026-11-22 17:00:00+02')
          .map((v): Predicate => ({ k: 'cast', a: lit('text', v), t: 'timestamptz' })),
        coalesce('timestamptz'),
      ),
      jsonb: fc.oneof(
        options,
        fc.constantFrom<RowColumn>('metadata', 'user_metadata').map(column),
        fc.constant(context('jwt')),
        literals('jsonb', arbitraryJson),
        fc.tuple(tie('jsonb'), step).map(([a, p]) => ({ k: 'json', a, p, text: false }) as const),
        coalesce('jsonb'),
      ),
      'text[]': fc.oneof(
        options,
        fc.constant(column('path_tokens')),
        fc.constant(call('foldername', column('name'))),
        tie('text').map((a) => call('foldername', a)),
        fc.array(tie('text'), { maxLength: 3 }).map((a): Predicate => ({ k: 'arr', a })),
        fc.tuple(tie('text'), tie('text')).map((a) => call('string_to_array', ...a)),
      ),
      bool: fc.oneof(
        options,
        { weight: 2, arbitrary: fc.constantFrom(true, false, null).map((v) => lit('bool', v)) },
        { weight: 2, arbitrary: fc.oneof(fc.constant(column('public')), ...relation('bool')) },
        { weight: 8, arbitrary: fc.oneof(...COMPARABLE.flatMap((type) => comparisons(tie(type), tie(type)))) },
        { weight: 2, arbitrary: fc.oneof(...comparisons(oneOf('int', 'bigint', 'num'), oneOf('int', 'bigint', 'num'))) },
        {
          weight: 8,
          arbitrary: fc.tuple(fc.constantFrom('and', 'or'), fc.array(tie('bool'), { maxLength: 4 })).map(([k, a]) => ({ k, a }) as const),
        },
        { weight: 2, arbitrary: fc.oneof(...truthTests(tie('bool'))) },
        { weight: 5, arbitrary: fc.oneof(...searches(place, tie)) },
        { weight: 2, arbitrary: fc.oneof(cast('int', 'bool'), ...whereFails(cast('text', 'bool'))) },
        ...relationNodes(place, (type) => tie(type)).map((arbitrary) => ({ weight: 2, arbitrary })),
      ),
    }
  })
}

function truthTests(bool: fc.Arbitrary<Predicate>): readonly fc.Arbitrary<Predicate>[] {
  const tests = fc.constantFrom('IS_TRUE', 'IS_NOT_TRUE', 'IS_FALSE', 'IS_NOT_FALSE', 'IS_UNKNOWN', 'IS_NOT_UNKNOWN')
  return [bool.map((a) => ({ k: 'not', a })), fc.tuple(tests, bool).map(([op, a]) => ({ k: 'istest', op, a }) as const)]
}

type Tie = (type: ExpressionType) => fc.Arbitrary<Predicate>

/** What looks for something in a text, a list or JSON. */
function searches(place: Place, tie: Tie): readonly fc.Arbitrary<Predicate>[] {
  const text = tie('text')
  return [
    fc.tuple(fc.oneof(tie('jsonb'), tie('text[]')), fc.boolean()).map(([a, neg]) => ({ k: 'isnull', a, neg }) as const),
    fc.tuple(text, text).map((a) => call('starts_with', ...a)),
    fc.tuple(text, likePattern(place, text), fc.boolean(), fc.boolean()).map(([a, p, ci, neg]) => ({ k: 'like', a, p, ci, neg }) as const),
    fc.tuple(text, tie('text[]')).map(([a, arr]) => ({ k: 'anyeq', a, arr }) as const),
    fc.tuple(tie('jsonb'), text).map(([a, b]) => ({ k: 'jhas', a, b }) as const),
    fc.constantFrom(...OPERATIONS).map((name) => call('allow_only_operation', lit('text', name))),
    fc
      .array(fc.constantFrom(...OPERATIONS, null), { maxLength: 3 })
      .map((names) => call('allow_any_operation', { k: 'arr', a: names.map((name) => lit('text', name)) })),
    ...(place.fails ? [fc.tuple(text, tie('jsonb')).map(([a, arr]) => ({ k: 'inarr', a, arr }) as const)] : []),
  ]
}

function comparisons(a: fc.Arbitrary<Predicate>, b: fc.Arbitrary<Predicate>): readonly fc.Arbitrary<Predicate>[] {
  return [
    fc
      .tuple(fc.constantFrom('=', '<>', '<', '<=', '>', '>='), a, b)
      .map(([op, left, right]) => ({ k: 'cmp', op, a: left, b: right }) as const),
    fc.tuple(a, b, fc.boolean()).map(([left, right, neg]) => ({ k: 'distinct', a: left, b: right, neg }) as const),
    fc.tuple(a, fc.array(b, { maxLength: 3 }), fc.boolean()).map(([left, l, neg]) => ({ k: 'in', a: left, l, neg }) as const),
    fc.tuple(a, fc.boolean()).map(([left, neg]) => ({ k: 'isnull', a: left, neg }) as const),
  ]
}

/** `parsePredicate` refuses a literal that ends with an escape; where a pattern comes from the row, it fails. */
function likePattern({ fails }: Place, text: fc.Arbitrary<Predicate>): fc.Arbitrary<Predicate> {
  const known = literals(
    'text',
    fc.constantFrom(...PATTERNS.filter((pattern) => !pattern.endsWith('%\\')), ...HOSTILE_TEXTS.filter((pattern) => pattern !== '\\')),
  )
  const composed = fc
    .constantFrom(...PATTERNS)
    .map((v): Predicate => ({ k: 'concat', a: lit('text', v), b: call('coalesce', column('owner_id'), lit('text', '')) }))
  const nothing = lit('text', '')
  const written = text.map((a): Predicate => (a.k === 'lit' ? { k: 'concat', a, b: nothing } : a))
  return fails ? fc.oneof(known, known, composed, written) : known
}

function relationNodes({ inner }: Place, outer: (type: ExpressionType) => fc.Arbitrary<Predicate>): readonly fc.Arbitrary<Predicate>[] {
  if (inner === null) return []
  const { alias, grammar } = inner
  const node = { rel: MEMBERS.name, kept: MEMBERS.kept, alias }
  return [
    grammar.bool.map((where): Predicate => ({ k: 'exists', ...node, where })),
    fc
      .constantFrom<ExpressionType>('text', 'int', 'uuid')
      .chain((type) => fc.tuple(outer(type), grammar[type], grammar.bool, fc.boolean()))
      .map(([a, sel, where, neg]): Predicate => ({ k: 'insub', ...node, a, sel, where, neg })),
  ]
}

const innermost = grammarOf({ aliases: ['m', 'n'], fails: false, inner: null })
const inner = grammarOf({ aliases: ['m'], fails: false, inner: { alias: 'n', grammar: innermost } })

/** Well-typed conditions of every node kind; `parsePredicate` takes them with `RELATIONS`. */
export const arbitraryPredicate: fc.Arbitrary<Predicate> = joined(
  grammarOf({ aliases: [], fails: true, inner: { alias: 'm', grammar: inner } }).bool,
)
/** Conditions stand side by side more often than alone. */
function joined(bool: fc.Arbitrary<Predicate>): fc.Arbitrary<Predicate> {
  const junction = fc
    .tuple(fc.constantFrom('and', 'or'), fc.array(bool, { minLength: 2, maxLength: 4 }))
    .map(([k, a]) => ({ k, a }) as const)
  return fc.oneof({ withCrossShrink: true }, bool, junction, junction)
}
