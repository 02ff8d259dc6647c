import { describe, expect, test } from 'vitest'
import { parseTarget, pathSegments, percentDecode } from './target.ts'

const invalid = expect.objectContaining({ code: 'TargetInvalid', subject: 'target' })

describe('parseTarget', () => {
  test('keeps the raw path exactly', () => {
    for (const path of ['/', '//', '/b/a/../c', '/b/a/%2e%2e/c', '/b//', '/b/a\\c', '/b/%', '/b/a#c', '/b/a;c=d', '/b/ +']) {
      expect(parseTarget(path)).toEqual({ rawPath: path, rawQuery: null, query: [] })
    }
  })

  test('splits the query', () => {
    expect(parseTarget('/b?').rawQuery).toBe('')
    expect(parseTarget('/b?').query).toEqual([])
    expect(parseTarget('/b?acl').query).toEqual([['acl', '']])
    expect(parseTarget('/b?a=1&A=2&a=1&a=').query).toEqual([
      ['a', '1'],
      ['A', '2'],
      ['a', '1'],
      ['a', ''],
    ])
    expect(parseTarget('/b?a=b=c&d=?&&e=;f').query).toEqual([
      ['a', 'b=c'],
      ['d', '?'],
      ['e', ';f'],
    ])
    expect(parseTarget('/b?a+b=c+d&p=%2B&q=%20&e%3D=%26').query).toEqual([
      ['a b', 'c d'],
      ['p', '+'],
      ['q', ' '],
      ['e=', '&'],
    ])
    expect(parseTarget('/b?prefix=%E2%82%AC').query).toEqual([['prefix', '€']])
  })

  test('refuses what is not the origin form', () => {
    for (const target of ['', '*', 'http://host/b', 'b/c', '?a']) expect(() => parseTarget(target), target).toThrow(invalid)
  })

  test('refuses broken escapes and bytes that are not UTF-8', () => {
    for (const query of ['%', '%1', '%zz', '%1g', 'a=%', '%ff', '%c0%80', '%ed%a0%80', '%f4%90%80%80', '\xff', 'a=%E2%82']) {
      expect(() => parseTarget(`/b?${query}`), query).toThrow(invalid)
    }
  })
})

describe('percentDecode', () => {
  test('decodes once', () => {
    expect(percentDecode('a%2525')).toBe('a%25')
    expect(percentDecode('a+b')).toBe('a+b')
    expect(percentDecode('%00%0a')).toBe('\0\n')
    expect(percentDecode('%ef%bb%bfx')).toBe('\ufeffx')
    expect(percentDecode('%e2%82%AC')).toBe('€')
    expect(percentDecode('%F0%9F%98%80')).toBe('😀')
  })

  test('takes raw bytes for what they are', () => {
    expect(percentDecode(Buffer.from('€ é').toString('latin1'))).toBe('€ é')
    expect(() => percentDecode('é')).toThrow(invalid)
    expect(() => percentDecode('€')).toThrow(invalid)
  })

  test('is the inverse of encodeURIComponent', () => {
    for (const text of ['a/b', '..', '%', '\u{10ffff}', 'ÿ\u0000', '+ &=?#']) expect(percentDecode(encodeURIComponent(text))).toBe(text)
  })
})

test('pathSegments keeps empty segments and escaped slashes', () => {
  expect(pathSegments('/')).toEqual([''])
  expect(pathSegments('/b/a%2Fc//d/')).toEqual(['b', 'a/c', '', 'd', ''])
})
