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

type Keyed = Pick<typeof credential, 'id' | 'version'>

/** Adds a key of its own, and gives it back. */
function added(cache: SigningKeyCache, keyed: Keyed, of = scope): SigningKey {
  const key = deriveSigningKey('secret', of)
  cache.add(keyed, of, key)
  return key
}

describe('SigningKeyCache', () => {
  test('keeps a key for as long as credential, version and scope are the same', () => {
    const cache = new SigningKeyCache()
    expect(cache.find(credential, scope)).toBeUndefined()
    const key = added(cache, credential)
    expect(cache.find({ ...credential }, { ...scope })).toBe(key)
    const others: [Keyed, typeof scope][] = [
      [{ ...credential, version: '2' }, scope],
      [{ ...credential, id: '2' }, scope],
      [credential, { ...scope, date: '20150831' }],
      [credential, { ...scope, region: 'eu' }],
      [credential, { ...scope, service: 'sts' }],
      [{ ...credential, id: '1","1' }, scope],
    ]
    for (const [keyed, of] of others) {
      expect(cache.find(keyed, of)).toBeUndefined()
      expect(cache.find(keyed, of)).not.toBe(added(cache, keyed, of))
    }
    expect(cache.find(credential, scope)).toBe(key)
    expect(cache.size).toBe(7)
  })

  test('drops the least recently used', () => {
    const cache = new SigningKeyCache(2)
    const first = added(cache, credential)
    added(cache, { ...credential, id: '2' })
    expect(cache.find(credential, scope)).toBe(first)
    added(cache, { ...credential, id: '3' })
    expect(cache.size).toBe(2)
    expect(cache.find(credential, scope)).toBe(first)
    expect(cache.find({ ...credential, id: '2' }, scope)).toBeUndefined()
  })

  test('forgets a revoked credential, and no other whose id begins alike', () => {
    const cache = new SigningKeyCache()
    added(cache, credential)
    const other = added(cache, { ...credential, id: '12' })
    added(cache, { ...credential, version: '2' })
    cache.drop('1')
    expect(cache.size).toBe(1)
    expect(cache.find({ ...credential, id: '12' }, scope)).toBe(other)
    expect(cache.find(credential, scope)).toBeUndefined()
  })

  test('has a key to try for a credential that there is not, and keeps none', () => {
    const cache = new SigningKeyCache()
    const key = cache.standIn(scope)
    expect(cache.standIn({ ...scope })).toBe(key)
    for (let index = 0; index < 100; index += 1) expect(cache.standIn({ ...scope, region: `r-${index}` }).sign('x')).not.toBe(key.sign('x'))
    expect(cache.size).toBe(0)
  })
})
