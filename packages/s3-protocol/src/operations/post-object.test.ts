import { describe, expect, test } from 'vitest'
import { BUCKET, OBJECT, wirePair } from '../../test/wire-pair.ts'
import { successRedirect } from './fields/success-redirect.ts'
import { readTagSet } from './fields/tag-set.ts'
import { postObject } from './post-object.ts'

const source = (async function* () {})()

test('PostObject', async () => {
  const body = { key: 'a b', source, expected: { md5: 'm' }, tagging: null, redirect: null, status: '201' }
  const { asked, response, text } = await wirePair(
    postObject,
    {
      headers: [
        ['content-type', 'a/b'],
        ['x-amz-meta-colour', 'red'],
        ['if-none-match', '*'],
      ],
      body,
    },
    { ...OBJECT, versionId: 'v1' },
  )
  expect(asked).toMatchObject([
    'putObject',
    {
      bucket: { name: BUCKET },
      key: 'a b',
      headers: { contentType: 'a/b' },
      userMetadata: { colour: 'red' },
      md5: 'm',
      body: source,
      conditions: { ifNoneMatch: '*' },
    },
  ])
  const location = 'https://s3.test/photos/k/a%20b'
  expect(response).toMatchObject({ status: 201 })
  expect(response.headers).toEqual(
    expect.arrayContaining([
      ['etag', `"${OBJECT.etag}"`],
      ['x-amz-version-id', 'v1'],
      ['location', location],
    ]),
  )
  expect(text).toBe(
    `<?xml version="1.0" encoding="UTF-8"?><PostResponse><Location>${location}</Location><Bucket>photos</Bucket><Key>a b</Key><ETag>"${OBJECT.etag}"</ETag></PostResponse>`,
  )
})

describe('readTagSet', () => {
  const tag = (name: string, value: string): string => `<Tag><Key>${name}</Key><Value>${value}</Value></Tag>`
  const document = (tags: string): string => `<Tagging><TagSet>${tags}</TagSet></Tagging>`

  test('reads tags', () => {
    expect({ ...readTagSet(document(tag('a', '1') + tag('b', ''))) }).toEqual({ a: '1', b: '' })
    expect({ ...readTagSet(document('')) }).toEqual({})
  })

  test.each([
    ['text', 'not xml', 'MalformedXML'],
    ['another root', '<Tags/>', 'MalformedXML'],
    ['no set', '<Tagging/>', 'MalformedXML'],
    ['two sets', '<Tagging><TagSet/><TagSet/></Tagging>', 'MalformedXML'],
    ['no value', document('<Tag><Key>a</Key></Tag>'), 'MalformedXML'],
    ['something else', document('<Tagged><Key>a</Key><Value>1</Value></Tagged>'), 'MalformedXML'],
    ['a key twice', document(tag('a', '1') + tag('a', '2')), 'InvalidTag'],
  ])('refuses %s', (_what, text, code) => {
    expect(() => readTagSet(text)).toThrow(expect.objectContaining({ code }))
  })
})

test('successRedirect leaves query and fragment where they are', () => {
  const object = { bucket: 'b', key: 'k&#', etag: '"e"' }
  expect(successRedirect('https://e.com/x?a=1#part', object)).toBe('https://e.com/x?a=1&bucket=b&key=k%26%23&etag=%22e%22#part')
})
