import { expect, test } from 'vitest'
import { jsonWeight } from './json-weight.ts'
import { jwtSecret } from './jwt-key.ts'
import { VerifiedTokens } from './verified-tokens.ts'

const KEY = jwtSecret(Buffer.alloc(32, 1))
const OTHER = jwtSecret(Buffer.alloc(32, 2))

test('remembers what a key has verified, and the newest of it', () => {
  const tokens = new VerifiedTokens({ countMax: 2, bytesMax: 1_000_000 })
  const payload = { sub: 'ann' }
  tokens.add('one', KEY, payload)
  expect(tokens.find('one', KEY)).toBe(payload)
  expect(tokens.find('one', OTHER)).toBeNull()
  tokens.add('two', KEY, {})
  tokens.find('one', KEY)
  tokens.add('three', KEY, {})
  expect([tokens.find('one', KEY), tokens.find('two', KEY), tokens.find('three', KEY)]).toEqual([payload, null, {}])
  for (const each of ['one', 'one', 'three']) tokens.delete(each, KEY)
  expect(tokens.bytes).toBe(0)
  const none = new VerifiedTokens({ countMax: 0, bytesMax: 1_000_000 })
  none.add('one', KEY, payload)
  expect(none.find('one', KEY)).toBeNull()
})

test('is bounded by what tokens say, however they say it', () => {
  const bytesMax = 1_000_000
  const tokens = new VerifiedTokens({ countMax: 1000, bytesMax })
  // Short texts that become a lot in memory.
  const shapes = ['{"a":[{}', '{"a":[[]', '{"a":[0', '{"a":["x"'].map((begin) => {
    const each = begin.slice('{"a":['.length)
    return `${begin}${`,${each}`.repeat(400)}]}`
  })
  for (let index = 0; index < 400; index += 1) tokens.add(String(index), KEY, JSON.parse(shapes[index % 4] ?? ''))
  expect(tokens.bytes).toBeLessThanOrEqual(bytesMax)
  expect(tokens.bytes).toBeGreaterThan(bytesMax / 2)
  expect(tokens.find('399', KEY)).not.toBeNull()
  expect(tokens.find('0', KEY)).toBeNull()
  // What is too much for its share pushes nobody out.
  const before = tokens.bytes
  tokens.add('large', KEY, JSON.parse(`{"a":[${Array.from({ length: 2000 }, () => '{}').join()}]}`))
  expect([tokens.find('large', KEY), tokens.bytes]).toEqual([null, before])
})

test('the weight of a value is more than its text, and is told of the deepest', () => {
  for (const text of ['{}', '{"a":1}', '{"a":"xyz"}', '{"a":[1,2,3]}', '{"a":{"b":{"c":null}}}']) {
    expect(jsonWeight(JSON.parse(text))).toBeGreaterThan(text.length)
  }
  let deep: unknown = 1
  for (let depth = 0; depth < 100_000; depth += 1) deep = [deep]
  expect(jsonWeight(deep)).toBe(100_000 * 80 + 16)
})
