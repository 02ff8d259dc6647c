import { hash } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { loggableKey } from './loggable-key.ts'
import { createOpaqueKey } from './opaque-key.ts'

test('of a key that is stored: its id and its digest', () => {
  const key = createOpaqueKey('secret', 'project')
  expect(loggableKey(key, 'key-1')).toEqual({ kind: 'secret', length: key.length, keyId: 'key-1', digest: hash('sha256', key) })
})

test('of any other: no part of it that would lead to the key it was meant to be', () => {
  const typo = fc.record({
    kind: fc.constantFrom('secret' as const, 'publishable' as const),
    at: fc.nat(60),
    put: fc.string({ maxLength: 2 }),
  })
  fc.assert(
    fc.property(typo, ({ kind, at, put }) => {
      const key = createOpaqueKey(kind, 'project')
      const presented = key.slice(0, at) + put + key.slice(at + 1)
      const line = JSON.stringify(loggableKey(presented, null))
      const random = key.slice(`sb_${kind}_`.length)
      for (let start = 0; start + 7 <= random.length; start += 1) expect(line).not.toContain(random.slice(start, start + 7))
      expect(line).not.toContain(hash('sha256', presented))
    }),
  )
})

test('and what it looks like', () => {
  const kinds = ['sb_secret_x', 'sb_publishable_', 'a.b.c', '', 'hunter2', 'SB_SECRET_x'].map((key) => loggableKey(key, null).kind)
  expect(kinds).toEqual(['secret', 'publishable', 'jwt', 'other', 'other', 'other'])
})
