import { expect, test } from 'vitest'
import { parseOptions } from './options.ts'
import type { ClientsOptions } from './options.ts'

const parse = (...args: readonly string[]): ClientsOptions => parseOptions(args, { names: ['one', 'two'], directory: 'there' })

test('everything, where nothing is said', () => {
  expect(parse()).toMatchObject({
    only: [],
    transports: ['http', 'https'],
    write: false,
    sample: false,
    allowMissing: false,
    directory: 'there',
  })
})

test('clients and transports', () => {
  expect(parse('--only', 'two', '--only', 'one', '--https')).toMatchObject({ only: ['two', 'one'], transports: ['https'] })
  expect(parse('--http', '--https').transports).toEqual(['http', 'https'])
})

test('what nobody knows is named', () => {
  expect(() => parse('--only', 'three')).toThrow('There is no client three: there are one, two.')
  expect(() => parse('--htps')).toThrow('--htps')
  expect(() => parse('stray')).toThrow('stray')
  expect(() => parse('--seed', 'x')).toThrow('--seed takes a whole number, not x.')
})

test('only the whole table is written', () => {
  expect(parse('--write').write).toBe(true)
  expect(() => parse('--write', '--only', 'one')).toThrow('not together with --only')
  expect(() => parse('--write', '--http')).toThrow('not together with --http')
  expect(() => parse('--write', '--sample')).toThrow('not together with --sample')
})
