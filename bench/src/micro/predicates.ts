import { bench, do_not_optimize, group, run } from 'mitata'
import { evaluatePredicate } from '../../../packages/core/src/policy/evaluate-predicate.ts'
import { foldPredicate } from '../../../packages/core/src/policy/fold-predicate.ts'
import type { PredicateContext } from '../../../packages/core/src/policy/fold-predicate.ts'
import { parsePredicate } from '../../../packages/core/src/policy/predicate-parse.ts'
import { objectPolicyRow } from '../../../packages/core/src/policy/predicate-row.ts'

/** Conditions of policies: parsed once a policy, folded once a request, evaluated once a row. `node -C @stowage/source bench/src/micro/predicates.ts`. */
const CONTEXT: PredicateContext = {
  sub: 'd0d8c19c-3b3e-4f5a-9d9c-6b0a4f0a7c11',
  role: 'authenticated',
  account: null,
  operation: 'storage.object.get',
  ip: null,
  key: null,
  jwt: null,
  now: null,
}

const text = (v: string): object => ({ k: 'lit', t: 'text', v })
const column = (n: string): object => ({ k: 'col', n })
const equal = (a: object, b: object): object => ({ k: 'cmp', op: '=', a, b })

/** "Everybody in their own folder", as policies in the wild write it. */
const OWN_FOLDER = {
  k: 'and',
  a: [
    equal(column('bucket_id'), text('avatars')),
    equal({ k: 'idx', a: { k: 'call', f: 'foldername', a: [column('name')] }, i: 1 }, { k: 'ctx', f: 'sub' }),
  ],
}
const SIXTEEN_BUCKETS = {
  k: 'or',
  a: Array.from({ length: 16 }, (_, index) => ({
    k: 'and',
    a: [equal(column('bucket_id'), text(`bucket-${index}`)), { k: 'call', f: 'starts_with', a: [column('name'), text(`team-${index}/`)] }],
  })),
}

const facts = {
  id: '0190a0a0-0000-7000-8000-000000000000',
  key: 'd0d8c19c-3b3e-4f5a-9d9c-6b0a4f0a7c11/pictures/summer/cat.jpg',
  ownerId: CONTEXT.sub,
  size: 4096,
  createdAt: new Date(0),
  headers: { contentType: 'image/jpeg' },
  userMetadata: {},
  versionId: 'null',
  etag: 'd41d8cd98f00b204e9800998ecf8427e',
}
const row = objectPolicyRow({ name: 'avatars', account: 'shop', public: false }, facts)

for (const [name, source] of [
  ['own folder', OWN_FOLDER],
  ['sixteen buckets', SIXTEEN_BUCKETS],
] as const) {
  const parsed = parsePredicate(source, 'policy')
  const folded = foldPredicate(parsed, CONTEXT)
  group(name, () => {
    bench('parse', () => do_not_optimize(parsePredicate(source, 'policy')))
    bench('fold', () => do_not_optimize(foldPredicate(parsed, CONTEXT)))
    bench('evaluate', () => do_not_optimize(evaluatePredicate(folded, row)))
  })
}
bench('a row for policies from an object', () =>
  do_not_optimize(objectPolicyRow({ name: 'avatars', account: 'shop', public: false }, facts)))

await run()
