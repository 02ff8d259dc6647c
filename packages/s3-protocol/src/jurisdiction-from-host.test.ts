import { describe, expect, test } from 'vitest'
import { jurisdictionFromHost } from './jurisdiction-from-host.ts'

describe('jurisdictionFromHost', () => {
  const find = jurisdictionFromHost([
    { name: 'eu', host: 'EU.storage.test' },
    { name: 'fedramp', host: 'gov.eu.storage.test' },
  ])

  test.each([
    ['eu.storage.test', 'eu'],
    ['eu.storage.test:9000', 'eu'],
    ['Photos.EU.Storage.Test', 'eu'],
    ['eu.storage.test.', 'eu'],
    ['photos.eu.storage.test.:9000', 'eu'],
    ['gov.eu.storage.test', 'fedramp'],
    ['photos.gov.eu.storage.test', 'fedramp'],
    ['storage.test', null],
    ['xeu.storage.test', null],
    ['eu.storage.test.evil', null],
    ['', null],
  ])('%s: %s', (host, expected) => {
    expect(find(host)).toBe(expected)
  })

  test.each([
    [{ name: 'default', host: 'a.test' }],
    [{ name: 'EU', host: 'a.test' }],
    [{ name: '', host: 'a.test' }],
    [{ name: 'eu', host: 'a.test:80' }],
    [{ name: 'eu', host: 'https://a.test' }],
  ])('refuses %j', (jurisdiction) => {
    expect(() => jurisdictionFromHost([jurisdiction])).toThrow(TypeError)
  })

  test('refuses a host of two', () => {
    expect(() => jurisdictionFromHost([{ name: 'a', host: 'a.test' }, { name: 'b', host: 'A.test' }])).toThrow(TypeError) // prettier-ignore
  })
})
