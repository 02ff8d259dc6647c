import { expect, test } from 'vitest'
import type { ExplainPoliciesOptions } from './explain-policies-command.ts'
import { explainWishOf, isAboutObject } from './explain-policies-command.ts'
import type { ExplainWish } from '../administration/explain-wish.ts'

const wishOf = (more: Partial<ExplainPoliciesOptions>): ExplainWish =>
  explainWishOf({ directory: 'data', operation: 'PutObject', place: ['photos', 'k'], anonymous: true, ...more })
const NOTHING = { size: null, headers: {}, userMetadata: {}, owner: null }

test('nothing said but what must be', () => {
  expect(wishOf({})).toEqual({
    caller: { kind: 'anonymous' },
    operation: 'PutObject',
    bucket: { name: 'photos' },
    key: 'k',
    versionId: null,
    source: null,
    overwrite: 'allowed',
    proposed: null,
    existing: null,
    prefix: null,
    delimiter: null,
    facts: {},
  })
})

test('who', () => {
  const who = (more: Partial<ExplainPoliciesOptions>): unknown => wishOf({ anonymous: false, ...more }).caller
  expect(who({ as: 'anon' })).toEqual({ kind: 'role', role: 'anon', sub: null, claims: {}, account: 'root' })
  expect(who({ as: 'a', sub: 's', claims: { aal: 'aal2' }, account: 'acme' })).toEqual({
    kind: 'role',
    role: 'a',
    sub: 's',
    claims: { aal: 'aal2' },
    account: 'acme',
  })
  expect(who({ account: 'acme' })).toEqual({ kind: 'account', account: 'acme' })
  expect(who({ key: 'AKIA' })).toEqual({ kind: 'key', accessKeyId: 'AKIA' })
  expect(() => who({})).toThrow('Say who it is')
  expect(() => who({ as: 'a', key: 'AKIA' })).toThrow('Say once who it is')
  expect(() => who({ as: 'a', anonymous: true })).toThrow('Say once who it is')
  expect(() => who({ key: 'AKIA', sub: 's' })).toThrow('--sub and --claims go with --as')
  expect(() => who({ key: 'AKIA', account: 'acme' })).toThrow('--account goes with --as')
})

test('what a write brings, and what a read is supposed to find', () => {
  const given = { size: 7, header: ['Content-Type=text/plain; charset=utf-8', 'x-amz-meta-Team=a=b'] }
  const described = { size: 7, headers: { contentType: 'text/plain; charset=utf-8' }, userMetadata: { team: 'a=b' }, owner: null }
  expect(wishOf(given)).toMatchObject({ proposed: described, existing: null })
  expect(wishOf({ ...given, ownedBy: 'bob' })).toMatchObject({ proposed: described, existing: { ...NOTHING, owner: 'bob' } })
  for (const operation of ['GetObject', 'HeadObject', 'DeleteObject']) {
    expect(wishOf({ operation, ...given, ownedBy: 'bob' })).toMatchObject({ proposed: null, existing: { ...described, owner: 'bob' } })
  }
  expect(() => wishOf({ header: ['content-type'] })).toThrow('--header is NAME=VALUE.')
  expect(() => wishOf({ header: ['authorization=x'] })).toThrow("nothing is kept of the header 'authorization'")
})

test('the rest', () => {
  const more = { overwrite: false, source: 'other/a/b', jurisdiction: 'eu', fact: ['secureTransport=true', 'sourceIp=192.0.2.1'] }
  expect(wishOf({ ...more, versionId: 'v', prefix: 'p/', delimiter: '/' })).toMatchObject({
    bucket: { name: 'photos', jurisdiction: 'eu' },
    source: { bucket: { name: 'other', jurisdiction: 'eu' }, key: 'a/b' },
    overwrite: 'never',
    facts: { secureTransport: true, sourceIp: '192.0.2.1' },
    versionId: 'v',
    prefix: 'p/',
    delimiter: '/',
  })
  expect(() => wishOf({ fact: ['ip=192.0.2.1'] })).toThrow("--fact: nobody knows 'ip'")
  expect(() => wishOf({ source: '/a' })).toThrow('--source is BUCKET/KEY.')
  expect(() => wishOf({ source: 'other' })).toThrow('--source is BUCKET/KEY.')
  expect(['GetObject', 'CopyObject', 'ListParts', 'AbortMultipartUpload'].every(isAboutObject)).toBe(true)
  expect(['ListObjects', 'ListObjectVersions', 'ListMultipartUploads', 'GetBucketPolicy'].some(isAboutObject)).toBe(false)
  expect(() => isAboutObject('toString')).toThrow('There is no operation toString')
})
