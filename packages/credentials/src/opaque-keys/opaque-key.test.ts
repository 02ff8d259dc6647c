import { hash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createOpaqueKey, isOpaqueKeyLike, opaqueKeyDigest, readOpaqueKey } from './opaque-key.ts'

const PROJECT = 'abcdefghijklmnopqrst'
const kinds = fc.constantFrom('publishable' as const, 'secret' as const)

describe('opaque keys', () => {
  test('are of the documented form, and each is another one', () => {
    fc.assert(
      fc.property(kinds, fc.string(), (kind, project) => {
        const key = createOpaqueKey(kind, project)
        expect(key).toMatch(/^sb_(publishable|secret)_[A-Za-z0-9_-]{22}_[A-Za-z0-9_-]{8}$/)
        expect(key.startsWith(`sb_${kind}_`)).toBe(true)
        expect(readOpaqueKey(key, project)).toEqual({ kind, digest: hash('sha256', key) })
        expect(createOpaqueKey(kind, project)).not.toBe(key)
      }),
    )
  })

  // Computed apart from the code, with coreutils: printf '%s' "$ref|$body" | openssl dgst -sha256 -binary | basenc --base64url
  test('have the checksum over project and body', () => {
    const key = 'sb_secret_AAAAAAAAAAAAAAAAAAAAAA_7kiRrkbS'
    expect(readOpaqueKey(key, PROJECT)?.kind).toBe('secret')
    expect(readOpaqueKey(key, `${PROJECT}x`)).toBeNull()
  })

  test('with one character changed are none', () => {
    const key = createOpaqueKey('secret', PROJECT)
    fc.assert(
      fc.property(fc.nat(key.length - 1), fc.constantFrom('A', 'b', '0', '_', '-', 'é', ' '), (at, char) => {
        fc.pre(key[at] !== char)
        expect(readOpaqueKey(key.slice(0, at) + char + key.slice(at + 1), PROJECT)).toBeNull()
      }),
    )
  })

  test('are not read out of what surrounds them', () => {
    const key = createOpaqueKey('publishable', PROJECT)
    for (const text of ['', ` ${key}`, `${key}\n`, `${key} `, key.slice(0, -1), `${key}A`, key.toUpperCase(), `Bearer ${key}`]) {
      expect(readOpaqueKey(text, PROJECT)).toBeNull()
    }
  })

  test('are told from tokens by how they begin', () => {
    expect(['sb_temp_x', 'sb_secret_x', 'sb_'].map(isOpaqueKeyLike)).toEqual([true, true, true])
    expect(['eyJhbGciOi', '', 'SB_secret_', ' sb_'].map(isOpaqueKeyLike)).toEqual([false, false, false, false])
  })

  test('are kept as SHA-256', () => {
    expect(opaqueKeyDigest('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })
})
