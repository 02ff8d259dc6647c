import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { SIGNING_KEYS, SUITE_SECRET_ACCESS_KEY } from '../../test/aws-vectors.ts'
import { deriveSigningKey, signatureMatches, SigningKey, SigningKeyCache } from './signing-key.ts'

const scope = { date: '20150830', region: 'us-east-1', service: 's3' }
const credential = { id: '1', version: '1', secretAccessKey: 'secret' }

test.each(SIGNING_KEYS)('the key of %s is the documented one', (date, hex) => {
  const key = deriveSigningKey(SUITE_SECRET_ACCESS_KEY, { date, region: 'us-east-1', service: 'iam' })
  expect(key.sign('x')).toBe(createHmac('sha256', Buffer.from(hex, 'hex')).update('x').digest('hex'))
})

test('a signature is the HMAC-SHA256, whatever the lengths', () => {
  const secret = Buffer.from('a key of some bytes')
  for (const size of [1, 19, 32, 64]) {
    const own = Buffer.alloc(size, secret)
    const key = new SigningKey(own)
    const texts = ['', 'x', 'ü€🐈', ...[100, 170, 171, 512, 513, 5_000].flatMap((length) => ['x'.repeat(length), 'ü'.repeat(length)]), 'y']
    for (const text of texts) expect(key.sign(text)).toBe(createHmac('sha256', own).update(text).digest('hex'))
  }
})

test('signatureMatches takes 64 lower-case digits and nothing else', () => {
  const mac = 'ab'.repeat(32)
  expect(signatureMatches(mac, 'ab'.repeat(32))).toBe(true)
  for (const given of ['', 'ab', 'AB'.repeat(32), 'ab'.repeat(31), 'ab'.repeat(33), `${'ab'.repeat(31)}ac`, `${'ab'.repeat(31)}a\n`]) {
    expect(signatureMatches(mac, given)).toBe(false)
  }
})

describe('SigningKeyCache', () => {
  test('keeps a key for as long as credential, version and scope are the same', () => {
    const cache = new SigningKeyCache()
    const key = cache.get(credential, scope)
    expect(cache.get({ ...credential }, { ...scope })).toBe(key)
    const others = [
      cache.get({ ...credential, version: '2', secretAccessKey: 'other' }, scope),
      cache.get({ ...credential, id: '2' }, scope),
      cache.get(credential, { ...scope, date: '20150831' }),
      cache.get(credential, { ...scope, region: 'eu' }),
      cache.get(credential, { ...scope, service: 'sts' }),
      cache.get({ ...credential, id: '1","1' }, scope),
    ]
    expect(new Set([key, ...others]).size).toBe(7)
    expect(cache.size).toBe(7)
  })

  test('drops the least recently used', () => {
    const cache = new SigningKeyCache(2)
    const first = cache.get(credential, scope)
    const second = cache.get({ ...credential, id: '2' }, scope)
    expect(cache.get(credential, scope)).toBe(first)
    cache.get({ ...credential, id: '3' }, scope)
    expect(cache.size).toBe(2)
    expect(cache.get(credential, scope)).toBe(first)
    expect(cache.get({ ...credential, id: '2' }, scope)).not.toBe(second)
  })

  test('forgets a revoked credential, and no other whose id begins alike', () => {
    const cache = new SigningKeyCache()
    const key = cache.get(credential, scope)
    const other = cache.get({ ...credential, id: '12' }, scope)
    cache.get({ ...credential, version: '2' }, scope)
    cache.drop('1')
    expect(cache.size).toBe(1)
    expect(cache.get({ ...credential, id: '12' }, scope)).toBe(other)
    expect(cache.get(credential, scope)).not.toBe(key)
  })
})
