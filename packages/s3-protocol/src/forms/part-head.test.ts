import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { readBoundary } from './header-parameters.ts'
import { parsePartHead } from './part-head.ts'

const head = (text: string): unknown => parsePartHead(Buffer.from(text))
const disposition = (parameters: string): string => `Content-Disposition: form-data; ${parameters}`

describe('parsePartHead', () => {
  test.each([
    ['name="key"', 'key', null],
    ['name=key', 'key', null],
    ['NAME="key" ; FileName=a.txt', 'key', 'a.txt'],
    ['name="file"; filename=""', 'file', ''],
    ['name="file"; filename="a \\"b\\".txt"', 'file', 'a "b".txt'],
    ['name="file"; filename="a%22b.txt"', 'file', 'a%22b.txt'],
    ['name="file"; filename="C:\\dir\\a.txt"', 'file', 'C:\\dir\\a.txt'],
    ['name="file"; filename="C:\\dir\\"', 'file', 'C:\\dir\\'],
    ['name="file"; filename="a;b=c.txt"', 'file', 'a;b=c.txt'],
    ['name="file"; filename="кот.jpg"', 'file', 'кот.jpg'],
    ['name=file; filename="=?utf-8?B?w6k=?="; filename*=utf-8\'\'%C3%A9', 'file', 'é'],
    ['name="файл"', 'файл', null],
    ['name="a";', 'a', null],
  ])('%s', (parameters, name, filename) => {
    expect(head(disposition(parameters))).toEqual({ name, filename })
  })

  test.each([
    'Content-Type: text/plain; charset=UTF-8',
    'content-type: image/png',
    'Content-Transfer-Encoding: 8BIT',
    'Content-Length: 3',
    'X-Whatever:',
  ])('beside %s', (line) => {
    expect(head(`${line}\r\n${disposition('name="a"')}`)).toEqual({ name: 'a', filename: null })
  })

  test.each([
    ['nothing', ''],
    ['no Content-Disposition', 'Content-Type: text/plain'],
    ['another disposition', 'Content-Disposition: file; name="file"'],
    ['no name', 'Content-Disposition: form-data'],
    ['an empty name', disposition('name=""')],
    ['two names', disposition('name="a"; name="b"')],
    ['a name that does not end', disposition('name="a')],
    ['something behind a name', disposition('name="a"b')],
    ['two dispositions', `${disposition('name="a"')}\r\n${disposition('name="b"')}`],
    ['a folded line', `Content-Disposition: form-data;\r\n name="a"`],
    ['a line that is no header', `${disposition('name="a"')}\r\nwhat`],
    ['a space before the colon', `Content-Disposition : form-data; name="a"`],
    ['a bare line feed', disposition('name="a\nb"')],
    ['a NUL', disposition('name="a\0"')],
    ['an encoding', `${disposition('name="a"')}\r\nContent-Transfer-Encoding: base64`],
    ['another charset', `${disposition('name="a"')}\r\nContent-Type: text/plain; charset=utf-16le`],
    ['a filename* in another charset', disposition("name=file; filename*=latin1''%E9")],
    ['a filename* that is no UTF-8', disposition("name=file; filename*=utf-8''%E9")],
  ])('refuses %s', (_what, text) => {
    expect(() => head(text)).toThrow(expect.objectContaining({ code: 'MalformedPOSTRequest' }))
  })

  test('refuses bytes that are no UTF-8', () => {
    expect(() => parsePartHead(Buffer.from(disposition('name="\xff"'), 'latin1'))).toThrow('it is not in UTF-8')
  })
})

describe('readBoundary', () => {
  test.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['multipart/form-data; charset=utf-8; Boundary="a b"', 'a b'],
    ['multipart/form-data;boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW', '----WebKitFormBoundary7MA4YWxkTrZu0gW'],
    ['multipart/form-data; boundary==_a:b/c?=', '=_a:b/c?='],
    [`multipart/form-data; boundary=${'b'.repeat(70)}`, 'b'.repeat(70)],
    [`multipart/form-data; boundary=${'b'.repeat(71)}`, null],
    ['multipart/form-data', null],
    ['multipart/form-data; boundary=', null],
    ['multipart/form-data; boundary=""', null],
    ['multipart/form-data; boundary="a "', null],
    ['multipart/form-data; boundary="a\r\nb"', null],
    ['multipart/form-data; boundary=é', null],
    ['multipart/form-data; boundary=a; boundary=b', null],
  ])('%s', (contentType, boundary) => {
    expect(readBoundary(contentType)).toBe(boundary)
  })
})
