import { bench, do_not_optimize, run } from 'mitata'
import { accountCaller } from '../../../packages/core/src/policy/caller.ts'
import type { Caller } from '../../../packages/core/src/policy/caller.ts'
import { parseBucketPolicy } from '../../../packages/core/src/policy/bucket-policy/parse-bucket-policy.ts'
import { PolicySet } from '../../../packages/core/src/policy/policy-set.ts'
import type { Access } from '../../../packages/core/src/policy/policy.ts'
import { and, col, ctx, element, eq, foldername, ne } from '../../../packages/core/src/policy/predicate-builders.ts'
import { RoleSet } from '../../../packages/core/src/policy/role-set.ts'
import type { RowPolicy } from '../../../packages/core/src/policy/row-policy.ts'

/*
 * What the policy costs a request, before the store holds its answer against rows. `node -C @stowage/source bench/src/micro/decisions.ts`.
 * A signature, which every request pays too: signatures.ts.
 */

const policy = (name: string, more: Partial<RowPolicy>): RowPolicy => ({
  name, table: 'objects', mode: 'permissive', command: 'all', roles: ['authenticated'], using: eq(col('owner_id'), ctx('sub')), ...more }) // prettier-ignore
const folder = and(eq(col('bucket_id'), 'avatars'), eq(element(foldername(), 1), ctx('sub')))
const set = new PolicySet({
  roles: new RoleSet(),
  rowPolicies: [
    policy('own folder', { using: folder }),
    policy('mfa', { mode: 'restrictive', using: ne(ctx('role'), 'guest') }),
    ...Array.from({ length: 20 }, (_, index) => policy(`bucket ${index}`, { using: eq(col('bucket_id'), `bucket-${index}`) })),
  ],
})
const statement = (index: number): object => ({
  Effect: 'Allow', Principal: { AWS: `arn:aws:iam::other-${index}:root` }, Action: 's3:*', Resource: 'arn:aws:s3:::avatars/*' }) // prettier-ignore
const bucketPolicy = parseBucketPolicy(
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      ...Array.from({ length: 9 }, (_, index) => statement(index)),
      { ...statement(9), Principal: '*', Resource: 'arn:aws:s3:::avatars/${jwt:sub}/*' },
    ],
  }),
  'avatars',
)

const user: Caller = {
  principal: {
    kind: 'role',
    role: 'authenticated',
    sub: 'd0d8c19c-3b3e-4f5a-9d9c-6b0a4f0a7c11',
    claims: { aal: 'aal2' },
    bypassRls: false,
  },
  account: 'shop',
  scope: null,
  credentialId: 'k1',
}
const access = (caller: Caller, action: 'object.read' | 'object.write'): Access => ({
  caller,
  action,
  request: { operation: action === 'object.read' ? 'GetObject' : 'PutObject', at: new Date(0), facts: new Map() },
  side: 'target',
  bucket: { id: 'b', name: 'avatars', jurisdiction: 'default', account: 'shop', public: false, versioning: 'off' },
  key: 'd0d8c19c-3b3e-4f5a-9d9c-6b0a4f0a7c11/pictures/summer/cat.jpg',
  versionId: null,
  overwrite: action === 'object.write' ? 'allowed' : null,
  listing: null,
  policyVersion: 1,
})

for (const [name, asked] of [
  ['the owner reads', access(accountCaller('shop'), 'object.read')],
  ['a user reads, 22 row-level policies', access(user, 'object.read')],
  ['a user writes, 22 row-level policies', access(user, 'object.write')],
] as const) {
  bench(name, () => do_not_optimize(set.decide(asked, { bucketPolicy: null })))
  bench(`${name}, and a bucket policy of ten statements`, () => do_not_optimize(set.decide(asked, { bucketPolicy })))
}
await run()
