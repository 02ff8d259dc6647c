import { expect, test } from 'vitest'
import { checkAttributes } from './check-attributes.ts'
import type { ObjectAttributes } from './inputs.ts'
import { DEFAULT_LIMITS } from './limits.ts'

const many = (count: number): Record<string, string> => Object.fromEntries(Array.from({ length: count }, (_, index) => [`t${index}`, '']))

test.each<[string, ObjectAttributes]>([
  ['nothing', {}],
  ['headers', { headers: { contentType: 'text/plain; charset="utf-8"', contentDisposition: 'attachment;\tfilename=ü' } }],
  ['user metadata up to its limit', { userMetadata: { ab: 'c'.repeat(2046) } }],
  ['an empty value', { userMetadata: { a: '' } }],
  ['tags up to their limits', { tags: { ...many(9), ['ä'.repeat(128)]: '\u{1f600}'.repeat(256) } }],
  ['a lock', { retention: { mode: 'compliance', until: new Date(0) }, legalHold: true }],
])('takes %s', (_, attributes) => {
  expect(() => checkAttributes(attributes, DEFAULT_LIMITS)).not.toThrow()
})

test.each<[string, unknown, object]>([
  ['a header that is none', { headers: { 'x-custom': 'a' } }, { code: 'InvalidArgument', details: { argument: 'x-custom' } }],
  ['a line break in a header', { headers: { contentType: 'a\r\nb: c' } }, { code: 'InvalidArgument' }],
  [
    'too much in headers',
    { headers: { contentType: 'a'.repeat(8193) } },
    { code: 'LimitExceeded', details: { limit: 'headerBytesMax', max: 8192 } },
  ],
  ['a name without letters', { userMetadata: { '': 'a' } }, { code: 'InvalidArgument' }],
  ['a control character', { userMetadata: { a: '\u0007' } }, { code: 'InvalidArgument' }],
  ['half a surrogate pair', { userMetadata: { a: '\ud83d' } }, { code: 'InvalidArgument' }],
  [
    'too much user metadata',
    { userMetadata: { ab: 'ä'.repeat(1024) } },
    { code: 'LimitExceeded', details: { limit: 'userMetadataBytesMax' } },
  ],
  ['too many tags', { tags: many(11) }, { code: 'LimitExceeded', details: { limit: 'tagsMax', max: 10 } }],
  ['a tag without a name', { tags: { '': 'a' } }, { code: 'InvalidArgument' }],
  ['a long tag', { tags: { ['a'.repeat(129)]: '' } }, { code: 'InvalidArgument' }],
  ['a long value of a tag', { tags: { a: 'a'.repeat(257) } }, { code: 'InvalidArgument' }],
  ['a NUL in a tag', { tags: { a: '\0' } }, { code: 'InvalidArgument' }],
  ['a number for a tag', { tags: { a: 5 } }, { code: 'InvalidArgument', details: { argument: 'tags' } }],
  ['a number for user metadata', { userMetadata: { a: 5 } }, { code: 'InvalidArgument', details: { argument: 'userMetadata' } }],
  ['nothing for a header', { headers: { contentType: undefined } }, { code: 'InvalidArgument', details: { argument: 'contentType' } }],
  ['a mode of retention that is none', { retention: { mode: 'GOVERNANCE', until: new Date(0) } }, { code: 'InvalidArgument' }],
  ['a time that is none', { retention: { mode: 'governance', until: new Date(Number.NaN) } }, { code: 'InvalidArgument' }],
])('refuses %s', (_, attributes, error) => {
  let thrown: unknown
  try {
    checkAttributes(attributes as ObjectAttributes, DEFAULT_LIMITS)
  } catch (caught) {
    thrown = caught
  }
  expect(thrown).toMatchObject(error)
})
