import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { parsePostPolicy } from './post-policy.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const parse = (document: unknown): ReturnType<typeof parsePostPolicy> => parsePostPolicy(base64(JSON.stringify(document)))

const EXPIRATION = '2026-01-02T03:04:05.000Z'
const withConditions = (...conditions: readonly unknown[]): unknown => ({ expiration: EXPIRATION, conditions })

describe('parsePostPolicy', () => {
  test('reads conditions of each kind', () => {
    const policy = parse(withConditions({ ACL: 'private' }, ['EQ', '$Key', 'K'], ['starts-with', '$x-amz-meta-a', ''], ['eq', 'key', 'k']))
    expect(policy.expiresAt).toEqual(new Date(EXPIRATION))
    expect(policy.conditions).toEqual([
      { operator: 'eq', field: 'acl', value: 'private', shown: '["eq", "$ACL", "private"]' },
      { operator: 'eq', field: 'key', value: 'K', shown: '["eq", "$Key", "K"]' },
      { operator: 'starts-with', field: 'x-amz-meta-a', value: '', shown: '["starts-with", "$x-amz-meta-a", ""]' },
      { operator: 'eq', field: null, value: 'k', shown: '["eq", "key", "k"]' },
    ])
    expect(policy.size).toBeNull()
  })

  test('all ranges hold', () => {
    const size = parse(withConditions(['content-length-range', 1, 10], ['Content-Length-Range', '0', '5'])).size
    expect(size).toEqual({ min: 1, max: 5 })
  })

  test.each(['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.1Z', '2026-01-02T03:04:05.123456Z', '2024-02-29T00:00:00Z'])(
    'expires at %s',
    (expiration) => {
      expect(parse({ expiration, conditions: [] }).expiresAt).toEqual(new Date(`${expiration.slice(0, 19)}Z`))
    },
  )

  test.each([
    '2026-01-02',
    '2026-01-02T03:04:05',
    '2026-01-02T03:04:05+02:00',
    '2026-01-02 03:04:05Z',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T24:00:01Z',
    '2026-01-01T24:00:00Z',
    '',
    1,
    null,
  ])('refuses %j as its end', (expiration) => {
    expect(() => parse({ expiration, conditions: [] })).toThrow("Invalid 'expiration' value")
  })

  test.each([
    ['Policy missing expiration', { conditions: [] }],
    ['Policy missing conditions', { expiration: EXPIRATION }],
    ["Unexpected: 'EXPIRATION'", { EXPIRATION, conditions: [] }],
    ["Unexpected: 'CONDITIONS'", { expiration: EXPIRATION, CONDITIONS: [] }],
    ["Unexpected: 'Version'", { Version: '1', expiration: EXPIRATION, conditions: [] }],
    ["Invalid 'conditions' value", { expiration: EXPIRATION, conditions: {} }],
    ['must be a List or Object', withConditions('eq')],
    ['must be a List or Object', withConditions(null)],
    ['exactly one property', withConditions({})],
    ['exactly one property', withConditions({ a: '1', b: '2' })],
    ['value must be a string', withConditions({ success_action_status: 201 })],
    ['missing operation identifier', withConditions([])],
    ['missing operation identifier', withConditions([1, '$key', 'k'])],
    ["unknown operation 'ends-with'", withConditions(['ends-with', '$key', 'k'])],
    ['Invalid eq', withConditions(['eq', '$key'])],
    ['Invalid eq', withConditions(['eq', '$key', 'k', 'l'])],
    ['Invalid starts-with', withConditions(['starts-with', '$key', 1])],
    ['Invalid content-length-range', withConditions(['content-length-range', 0])],
    ['Invalid content-length-range', withConditions(['content-length-range', 0, 1, 2])],
    ['Invalid content-length-range', withConditions(['content-length-range', -1, 0])],
    ['Invalid content-length-range', withConditions(['content-length-range', 2, 1])],
    ['Invalid content-length-range', withConditions(['content-length-range', 0, 1.5])],
    ['Invalid content-length-range', withConditions(['content-length-range', 0, '1e3'])],
    ['Invalid content-length-range', withConditions(['content-length-range', 0, 1e300])],
    ['Invalid JSON', null],
    ['Invalid JSON', []],
    ['Invalid JSON', 'text'],
  ])('refuses with %s', (message, document) => {
    expect(() => parse(document)).toThrow(
      expect.objectContaining({ code: 'InvalidPolicyDocument', message: expect.stringContaining(message) }),
    )
  })

  test.each([
    ['Invalid JSON', base64('{')],
    ['Invalid JSON', ''],
    ['Invalid JSON', Buffer.from([0xff]).toString('base64')],
    ['invalid Base64', '!'],
    ['invalid Base64', 'e30'],
    ['invalid Base64', `${base64('{}')}\n`],
    ['larger', base64(' '.repeat(20_000))],
    ['Invalid JSON', base64('['.repeat(12_000))],
  ])('refuses text with %s', (message, text) => {
    expect(() => parsePostPolicy(text)).toThrow(message)
  })
})
