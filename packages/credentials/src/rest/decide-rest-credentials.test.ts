import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createOpaqueKey, readOpaqueKey } from '../opaque-keys/opaque-key.ts'
import {
  decideRestCredentials,
  type DecideRestCredentialsOptions,
  type RestCredentials,
  type RestDecision,
} from './decide-rest-credentials.ts'
import { isBrowser } from './is-browser.ts'

const PROJECT = 'project'
const PUBLISHABLE = createOpaqueKey('publishable', PROJECT)
const SECRET = createOpaqueKey('secret', PROJECT)
const LEGACY = 'eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2lnbmF0dXJl'
const USER = 'eyJhbGciOiJFUzI1NiJ9.eyJyb2xlIjoiYXV0aGVudGljYXRlZCJ9.c2lnbmF0dXJl'
const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'
const SIGNATURE = 'AWS4-HMAC-SHA256 Credential=a/20260101/auto/s3/aws4_request, SignedHeaders=host, Signature=0'

const NOTHING: RestCredentials = { apikey: null, authorization: null, userAgent: null, apikeyInQuery: null }
const decide = (shown: Partial<RestCredentials>, options: Partial<DecideRestCredentialsOptions> = {}): RestDecision =>
  decideRestCredentials({ ...NOTHING, ...shown }, { projectRef: PROJECT, ...options })
const opaque = (key: string): unknown => ({ kind: 'opaque', key: readOpaqueKey(key, PROJECT) })
const identified = (key: unknown, userToken: string | null): unknown => ({ kind: 'identified', key, userToken })
const refused = (reason: string): unknown => ({ kind: 'refused', reason })
const legacy = { kind: 'legacy', token: LEGACY }

describe('apikey and Authorization', () => {
  const rows: readonly (readonly [string | null, string | null, unknown])[] = [
    [null, null, { kind: 'anonymous' }],
    [PUBLISHABLE, null, identified(opaque(PUBLISHABLE), null)],
    [PUBLISHABLE, `Bearer ${USER}`, identified(opaque(PUBLISHABLE), USER)],
    [PUBLISHABLE, `Bearer ${PUBLISHABLE}`, identified(opaque(PUBLISHABLE), null)],
    [SECRET, `Bearer ${SECRET}`, identified(opaque(SECRET), null)],
    [PUBLISHABLE, `Bearer ${SECRET}`, refused('opaque-bearer')],
    [SECRET, `Bearer ${PUBLISHABLE}`, refused('opaque-bearer')],
    [LEGACY, `Bearer ${SECRET}`, refused('opaque-bearer')],
    [PUBLISHABLE, 'Bearer sb_temp_abc', refused('opaque-bearer')],
    [null, `Bearer ${PUBLISHABLE}`, refused('opaque-bearer')],
    [null, `Bearer ${SECRET}`, refused('opaque-bearer')],
    [SECRET, null, identified(opaque(SECRET), null)],
    [SECRET, `Bearer ${USER}`, identified(opaque(SECRET), USER)],
    [LEGACY, null, identified(legacy, null)],
    [LEGACY, `Bearer ${LEGACY}`, identified(legacy, null)],
    [LEGACY, `Bearer ${USER}`, identified(legacy, USER)],
    [null, `Bearer ${USER}`, identified(null, USER)],
    [null, `Bearer ${LEGACY}`, identified(null, LEGACY)],
    [createOpaqueKey('secret', 'another'), null, refused('invalid-key')],
    [createOpaqueKey('publishable', 'another'), `Bearer ${USER}`, refused('invalid-key')],
    ['hunter2', `Bearer ${USER}`, refused('invalid-key')],
    ['', null, refused('invalid-key')],
    ['', `Bearer ${USER}`, refused('invalid-key')],
    [null, SIGNATURE, { kind: 'signature' }],
    [SECRET, SIGNATURE, { kind: 'signature' }],
    ['hunter2', SIGNATURE, { kind: 'signature' }],
    [PUBLISHABLE, 'Basic YTpi', refused('invalid-authorization')],
    [null, 'AWS AKID:signature', refused('invalid-authorization')],
    [null, '', refused('invalid-authorization')],
    [null, 'Bearer', refused('invalid-authorization')],
    [null, 'Bearer ', refused('invalid-authorization')],
    [null, USER, refused('invalid-authorization')],
    [null, `Bearer ${USER} ${USER}`, refused('invalid-authorization')],
    [null, `Bearer ${USER}, Basic YTpi`, refused('invalid-authorization')],
  ]

  test.each(rows)('%s and %s', (apikey, authorization, expected) => {
    expect(decide({ apikey, authorization })).toEqual(expected)
  })

  test('schemes have no case, keys have', () => {
    expect(decide({ authorization: `bEaReR  ${USER}` })).toEqual(identified(null, USER))
    expect(decide({ apikey: PUBLISHABLE, authorization: `Bearer ${PUBLISHABLE.toUpperCase()}` }).kind).toBe('identified')
    expect(decide({ apikey: SECRET.toUpperCase() })).toEqual(refused('invalid-key'))
  })

  test('an opaque key is never a user’s token, however it is sent', () => {
    const headers = fc.option(fc.constantFrom(PUBLISHABLE, SECRET, LEGACY, USER, 'sb_', 'hunter2', ''))
    fc.assert(
      fc.property(headers, headers, (apikey, token) => {
        const decision = decide({ apikey, authorization: token === null ? null : `Bearer ${token}` })
        if (decision.kind !== 'identified') return
        expect(decision.userToken?.startsWith('sb_') ?? false).toBe(false)
        expect(decision.key === null && decision.userToken === null).toBe(false)
      }),
    )
  })
})

describe('a secret key in a browser', () => {
  test('is refused before anything else is looked at', () => {
    const others = [null, `Bearer ${USER}`, `Bearer ${SECRET}`, SIGNATURE, 'Basic YTpi']
    for (const authorization of others) {
      for (const apikey of [SECRET, 'sb_secret_typo', createOpaqueKey('secret', 'another')]) {
        expect(decide({ apikey, authorization, userAgent: CHROME })).toEqual(refused('secret-in-browser'))
      }
      expect(decide({ apikeyInQuery: SECRET, authorization, userAgent: CHROME })).toEqual(refused('secret-in-browser'))
    }
  })

  test('is meant, and no other key', () => {
    expect(decide({ apikey: PUBLISHABLE, userAgent: CHROME }).kind).toBe('identified')
    expect(decide({ apikey: LEGACY, userAgent: CHROME }).kind).toBe('identified')
    expect(decide({ apikey: SECRET, userAgent: 'node' }).kind).toBe('identified')
    const agents = [
      CHROME,
      'mozilla/5.0',
      'x Mozilla/5.0 (iPhone)',
      '',
      'curl/8.1',
      'Mozilla/4.0',
      'MyMozilla/5.0',
      'Mozilla/5.01',
      'python-requests/2.32',
    ]
    expect(agents.map(isBrowser)).toEqual([true, true, true, false, false, false, false, false, false])
    expect(isBrowser(null)).toBe(false)
  })
})

describe('a key in the query', () => {
  test('is refused, a secret one also where publishable ones are allowed', () => {
    for (const apikeyInQuery of [PUBLISHABLE, SECRET, LEGACY, '', 'hunter2'])
      expect(decide({ apikeyInQuery })).toEqual(refused('key-in-query'))
    for (const apikeyInQuery of [SECRET, LEGACY, '', 'hunter2']) {
      expect(decide({ apikeyInQuery }, { allowPublishableInQuery: true })).toEqual(refused('key-in-query'))
      expect(decide({ apikey: SECRET, apikeyInQuery }, { allowPublishableInQuery: true })).toEqual(refused('key-in-query'))
    }
  })

  test('counts where publishable ones are allowed, unless the header has another', () => {
    const allowed = { allowPublishableInQuery: true }
    expect(decide({ apikeyInQuery: PUBLISHABLE }, allowed)).toEqual(identified(opaque(PUBLISHABLE), null))
    expect(decide({ apikeyInQuery: PUBLISHABLE, apikey: PUBLISHABLE }, allowed)).toEqual(identified(opaque(PUBLISHABLE), null))
    expect(decide({ apikeyInQuery: PUBLISHABLE, apikey: SECRET }, allowed)).toEqual(refused('invalid-key'))
    expect(decide({ apikeyInQuery: PUBLISHABLE, authorization: `Bearer ${USER}` }, allowed)).toEqual(identified(opaque(PUBLISHABLE), USER))
    expect(decide({ apikeyInQuery: 'sb_publishable_typo' }, allowed)).toEqual(refused('invalid-key'))
  })
})
