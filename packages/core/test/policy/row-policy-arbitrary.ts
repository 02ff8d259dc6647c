import * as fc from 'fast-check'
import {
  allowAnyOperation,
  and,
  cast,
  col,
  ctx,
  element,
  eq,
  foldername,
  gt,
  hasMember,
  isElement,
  isNull,
  jwt,
  jwtJson,
  like,
  lit,
  lt,
  not,
  or,
  role,
  startsWith,
  truth,
  uid,
} from '../../src/policy/predicate-builders.ts'
import type { Predicate } from '../../src/policy/predicate.ts'
import type { RowPolicy } from '../../src/policy/row-policy.ts'

/** Conditions that people have, over keys of a few letters and folders; they are unknown where a claim or an owner is not there. */
const LEAVES: readonly Predicate[] = [
  lit('bool', true),
  lit('bool', false),
  lit('bool', null),
  eq(col('owner_id'), ctx('sub')),
  eq(element(foldername(), 1), ctx('sub')),
  eq(element(foldername(), 1), jwt('app_metadata', 'org')),
  isElement(element(foldername(), 1), jwtJson('app_metadata', 'teams')),
  hasMember(jwtJson('app_metadata', 'teams'), element(foldername(), 2)),
  eq(jwt('aal'), 'aal2'),
  isNull(jwt('app_metadata', 'org')),
  eq(role(), 'authenticated'),
  startsWith(col('name'), 'a'),
  like(col('name'), '%b%'),
  lt(col('name'), 'b'),
  gt(col('name'), 'a/b'),
]

const joined = fc.letrec<{ condition: Predicate }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    { weight: 3, arbitrary: fc.constantFrom(...LEAVES) },
    { weight: 1, arbitrary: fc.tuple(tie('condition'), tie('condition')).map((parts) => and(...parts)) },
    { weight: 1, arbitrary: fc.tuple(tie('condition'), tie('condition')).map((parts) => or(...parts)) },
    { weight: 1, arbitrary: tie('condition').map(not) },
    { weight: 1, arbitrary: tie('condition').map((condition) => truth(condition, 'IS_NOT_TRUE')) },
  ),
})).condition

/** A condition that never fails, whatever the row. */
export const arbitraryCondition: fc.Arbitrary<Predicate> = joined

/** The same, of conditions that look at the operation, or fail for users whose name is no UUID. */
const anyCondition: fc.Arbitrary<Predicate> = fc.oneof(
  { weight: 5, arbitrary: joined },
  { weight: 1, arbitrary: fc.constant(eq(cast(uid(), 'text'), col('owner_id'))) },
  { weight: 1, arbitrary: fc.constantFrom('s3.object.list', 's3.object.get', 's3.upload').map((name) => allowAnyOperation(name)) },
)

/** Policies of any command, on both tables, for users. */
export const arbitraryRowPolicies: fc.Arbitrary<readonly RowPolicy[]> = fc
  .array(
    fc.record({
      table: fc.constantFrom('objects', 'objects', 'objects', 'buckets' as const),
      mode: fc.constantFrom('permissive', 'permissive', 'restrictive' as const),
      command: fc.constantFrom('all', 'select', 'insert', 'update', 'delete' as const),
      role: fc.constantFrom('public', 'authenticated', 'anon'),
      using: anyCondition,
      check: fc.option(anyCondition),
    }),
    { maxLength: 6 },
  )
  .map((all) => all.map((one, at) => policyOf(one, at)))

interface Parts {
  readonly table: RowPolicy['table']
  readonly mode: RowPolicy['mode']
  readonly command: RowPolicy['command']
  readonly role: string
  readonly using: Predicate
  readonly check: Predicate | null
}

function policyOf({ table, mode, command, role: name, using, check }: Parts, at: number): RowPolicy {
  const base = { name: `p${at}`, table, mode, command, roles: [name] }
  // Rows of buckets have other columns.
  const over = (condition: Predicate): Predicate => (table === 'objects' ? condition : lit('bool', true))
  if (command === 'insert') return { ...base, check: over(check ?? using) }
  const clauses = { ...base, using: over(using) }
  return check === null || command === 'select' || command === 'delete' ? clauses : { ...clauses, check: over(check) }
}
