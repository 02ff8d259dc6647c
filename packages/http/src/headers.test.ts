import { describe, expect, test } from 'vitest'
import { headerValues, integerHeader, listHeader, optionalHeader, requiredHeader, requiredInteger, requiredText } from './headers.ts'
import type { HttpHeader } from './message.ts'

const headers: HttpHeader[] = [
  ['a', '1'],
  ['b', ''],
  ['list', 'x, y,,\tz '],
  ['twice', '1'],
  ['twice', '1'],
  ['list', 'w'],
]

describe('header readers', () => {
  test('find by name', () => {
    expect(optionalHeader(headers, 'a')).toBe('1')
    expect(optionalHeader(headers, 'b')).toBe('')
    expect(optionalHeader(headers, 'missing')).toBeNull()
    expect(requiredHeader(headers, 'b')).toBe('')
    expect(headerValues(headers, 'twice')).toEqual(['1', '1'])
    expect(listHeader(headers, 'list')).toEqual(['x', 'y', 'z', 'w'])
    expect(listHeader(headers, 'missing')).toEqual([])
  })

  test('name the header that failed', () => {
    expect(() => requiredHeader(headers, 'missing')).toThrow(expect.objectContaining({ code: 'HeaderMissing', subject: 'missing' }))
    expect(() => requiredText(headers, 'b')).toThrow(expect.objectContaining({ code: 'HeaderInvalid', subject: 'b' }))
    expect(() => optionalHeader(headers, 'twice')).toThrow(expect.objectContaining({ code: 'HeaderInvalid', subject: 'twice' }))
    expect(() => requiredInteger(headers, 'missing')).toThrow(expect.objectContaining({ code: 'HeaderMissing', subject: 'missing' }))
  })

  test('integers are digits and nothing else', () => {
    const integer = (value: string): number | null => integerHeader([['n', value]], 'n')
    expect(integer('0')).toBe(0)
    expect(integer('0010')).toBe(10)
    expect(integer('9007199254740991')).toBe(2 ** 53 - 1)
    expect(integerHeader([], 'n')).toBeNull()
    for (const value of ['', ' 1', '+1', '-1', '1.0', '1e3', '0x10', '9007199254740992', '99999999999999999999', '١']) {
      expect(() => integer(value), value).toThrow(expect.objectContaining({ code: 'HeaderInvalid', subject: 'n' }))
    }
  })
})
