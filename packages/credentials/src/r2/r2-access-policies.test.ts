import type { OperationName } from '@stowage/core'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { arbitraryWish, scopeLets } from '../../test/scope-arbitrary.ts'
import { parseR2AccessPolicies } from './r2-access-policies.ts'
import { R2_PERMISSION_GROUPS, type R2Permission, r2PermissionScope } from './r2-permissions.ts'

const ACCOUNT = '4793d734c0b8e484dfc37ec392b5fa8a'
const BUCKETS = 'com.cloudflare.edge.r2.bucket.'
const WHOLE = { [`com.cloudflare.api.account.${ACCOUNT}`]: '*' }
const ALL = { [`com.cloudflare.api.account.${ACCOUNT}`]: { [`${BUCKETS}*`]: '*' } }
const READ = 'Workers R2 Storage Bucket Item Read'
const WRITE = 'Workers R2 Storage Bucket Item Write'

const resource = (name: string, jurisdiction = 'default'): object => ({ [`${BUCKETS}${ACCOUNT}_${jurisdiction}_${name}`]: '*' })
const policy = (resources: object, ...names: string[]): object => ({
  id: 'f267e341f3dd4697bd3b9f71dd96247f',
  effect: 'allow',
  resources,
  permission_groups: names.map((name) => ({ id: '6a018a9f2fc74eb6b293b0c548f38b39', name })),
})
const parse = (...policies: unknown[]): unknown => parseR2AccessPolicies(policies, ACCOUNT)
const scope = (permission: R2Permission, ...buckets: string[]): unknown => ({
  ...r2PermissionScope(permission),
  ...(buckets.length === 0 ? {} : { buckets: buckets.map((name) => ({ jurisdiction: 'default', name })) }),
})

describe('permissions', () => {
  test('are what R2 says of each', () => {
    const may = (permission: R2Permission, name: OperationName): boolean => r2PermissionScope(permission).operations?.has(name) === true
    const row = (name: OperationName): boolean[] =>
      (['admin-read-write', 'admin-read-only', 'object-read-write', 'object-read-only'] as const).map((permission) => may(permission, name))
    expect(row('CreateBucket')).toEqual([true, false, false, false])
    expect(row('DeleteBucket')).toEqual([true, false, false, false])
    expect(row('PutBucketVersioning')).toEqual([true, false, false, false])
    expect(row('PutBucketAcl')).toEqual([true, false, false, false])
    expect(row('ListBuckets')).toEqual([true, true, false, false])
    expect(row('HeadBucket')).toEqual([true, true, true, true])
    // Who may read objects need not know whom else a bucket lets in.
    for (const name of ['GetBucketPolicy', 'GetBucketPolicyStatus'] as const) expect(row(name)).toEqual([true, true, false, false])
    for (const name of ['GetObject', 'HeadObject', 'ListObjects', 'ListParts'] as const) expect(row(name)).toEqual([true, true, true, true])
    for (const name of [
      'PutObject',
      'PutObjectAcl',
      'DeleteObject',
      'DeleteObjects',
      'CopyObject',
      'UploadPart',
      'AbortMultipartUpload',
    ] as const) {
      expect(row(name)).toEqual([true, false, true, false])
    }
  })
})

describe('access policies', () => {
  test('the example of the documentation', () => {
    expect(parse(policy({ ...resource('my-bucket'), ...resource('my-eu-bucket', 'eu') }, READ))).toEqual({
      ...r2PermissionScope('object-read-only'),
      buckets: [
        { jurisdiction: 'default', name: 'my-bucket' },
        { jurisdiction: 'eu', name: 'my-eu-bucket' },
      ],
    })
  })

  test('of accounts and of all their buckets', () => {
    expect(parse(policy(WHOLE, 'Workers R2 Storage Write'))).toEqual(scope('admin-read-write'))
    expect(parse(policy(WHOLE, 'Workers R2 Storage Read'))).toEqual(scope('admin-read-only'))
    expect(parse(policy(ALL, WRITE))).toEqual(scope('object-read-write'))
    expect(() => parse(policy(ALL, 'Workers R2 Storage Write'))).toThrow('for an account')
    expect(() => parse(policy(WHOLE, WRITE))).toThrow('for buckets')
    expect(() => parse(policy(resource('b'), 'Workers R2 Storage Read'))).toThrow('for an account')
  })

  test('together are one ceiling, or no token', () => {
    expect(parse(policy(resource('a'), READ), policy(resource('b'), READ))).toEqual(scope('object-read-only', 'a', 'b'))
    expect(parse(policy(resource('a'), READ, WRITE))).toEqual(scope('object-read-write', 'a'))
    expect(parse(policy(resource('a'), WRITE), policy(ALL, WRITE))).toEqual(scope('object-read-write'))
    expect(parse(policy(WHOLE, 'Workers R2 Storage Write'), policy(resource('a'), READ))).toEqual(scope('admin-read-write'))
    expect(() => parse(policy(resource('a'), WRITE), policy(resource('b'), READ))).toThrow('make one for each')
    expect(() => parse(policy(WHOLE, 'Workers R2 Storage Read'), policy(resource('a'), WRITE))).toThrow('make one for each')
  })

  test('allow what one of them allows, and nothing else', () => {
    const bucketPolicy = fc.record({
      buckets: fc.subarray(['one', 'two'], { minLength: 1 }),
      jurisdiction: fc.constantFrom('default', 'eu'),
      all: fc.boolean(),
      names: fc.subarray([READ, WRITE], { minLength: 1 }),
    })
    let read = 0
    fc.assert(
      fc.property(fc.array(bucketPolicy, { minLength: 1, maxLength: 3 }), arbitraryWish, (policies, wish) => {
        const texts = policies.map(({ buckets, jurisdiction, all, names }) =>
          policy(all ? ALL : Object.assign({}, ...buckets.map((name) => resource(name, jurisdiction))), ...names),
        )
        const expected = policies.some(
          ({ buckets, jurisdiction, all, names }) =>
            (all || (buckets.includes(wish.bucket.name) && jurisdiction === wish.bucket.jurisdiction)) &&
            names.some((name) => scopeLets(r2PermissionScope(R2_PERMISSION_GROUPS.get(name)?.permission ?? 'object-read-only'), wish)),
        )
        try {
          const parsed = parseR2AccessPolicies(texts, ACCOUNT)
          read += 1
          expect(scopeLets(parsed, wish)).toBe(expected)
        } catch (error) {
          expect(error).toEqual(
            expect.objectContaining({ name: 'TypeError', message: expect.stringContaining('make one for each') as unknown }),
          )
        }
      }),
      { numRuns: 1000 },
    )
    expect(read).toBeGreaterThan(100)
  })

  test('are refused where they are not wholly understood', () => {
    const good = policy(resource('a'), READ)
    const refused: unknown[] = [
      null,
      'allow',
      [],
      {},
      { ...good, effect: 'deny' },
      { ...good, effect: undefined },
      { ...good, condition: { request_ip: {} } },
      { ...good, resources: {} },
      { ...good, resources: [] },
      { ...good, permission_groups: [] },
      { ...good, permission_groups: [{ id: 'x' }] },
      { ...good, permission_groups: [{ name: 'Workers R2 Data Catalog Write' }] },
      { ...good, permission_groups: [{ name: 'constructor' }] },
      { ...good, permission_groups: [{ name: READ, effect: 'deny' }] },
      { ...good, permission_groups: ['x'] },
      policy({ [`${BUCKETS}${ACCOUNT}_default_a`]: 'read' }, READ),
      policy({ [`${BUCKETS}0000_default_a`]: '*' }, READ),
      policy({ [`${BUCKETS}${ACCOUNT}0_default_a`]: '*' }, READ),
      policy({ [`${BUCKETS}${ACCOUNT}_mars_a`]: '*' }, READ),
      policy({ [`${BUCKETS}${ACCOUNT}_default_`]: '*' }, READ),
      policy({ [`${BUCKETS}${ACCOUNT}_default_*`]: '*' }, READ),
      policy({ [`${BUCKETS}${ACCOUNT}_default_a_b`]: '*' }, READ),
      policy({ [`${BUCKETS}*`]: '*' }, READ),
      policy({ 'com.cloudflare.api.account.other': '*' }, 'Workers R2 Storage Write'),
      policy({ [`com.cloudflare.api.account.${ACCOUNT}`]: { [`${BUCKETS}*`]: '*', other: '*' } }, READ),
      policy({ 'com.cloudflare.api.account.zone.*': '*' }, READ),
    ]
    for (const each of refused) expect(() => parse(each), JSON.stringify(each)).toThrow(TypeError)
    expect(() => parseR2AccessPolicies(null, ACCOUNT)).toThrow(TypeError)
    expect(() => parseR2AccessPolicies([], ACCOUNT)).toThrow(TypeError)
    expect(() =>
      parseR2AccessPolicies(
        Array.from({ length: 101 }, () => good),
        ACCOUNT,
      ),
    ).toThrow('more than 100')
  })
})
