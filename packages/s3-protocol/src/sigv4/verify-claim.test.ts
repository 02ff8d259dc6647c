import { describe, expect, test } from 'vitest'
import type { HttpHeader } from '@stowage/http'
import { AMZ_DATE, EMPTY_SHA256, SIGNED_AT } from '../../test/aws-vectors.ts'
import { rawRequest } from '../../test/signed-request.ts'
import { presign, signRequest } from '../../test/signer.ts'
import type { Credential, FoundCredential } from './credentials.ts'
import { RequestVerifier } from './request-verifier.ts'
import { SigningKeyCache } from './signing-key.ts'

const KEY_ID = 'project'
const TOKEN = 'header.payload.signature'
const NOW = new Date(SIGNED_AT)
const session: Credential<string> = {
  id: 'session',
  version: 'a',
  secretAccessKey: 'first',
  otherSecrets: ['second', 'third'].map((secretAccessKey) => ({ version: secretAccessKey, secretAccessKey })),
  sessionToken: TOKEN,
  caller: 'user',
}

interface Sent {
  readonly secret?: string
  readonly token?: string | null
  readonly presigned?: boolean
  readonly extra?: readonly HttpHeader[]
}

async function verify(found: FoundCredential<string>, sent: Sent = {}, signingKeys = new SigningKeyCache()): Promise<string> {
  const { secret = 'first', token = TOKEN, presigned = false, extra = [] } = sent
  const pair = { accessKeyId: KEY_ID, secretAccessKey: secret }
  const host: HttpHeader = ['host', 'h']
  const verifier = new RequestVerifier<string>({
    credentials: { find: (id, sessionToken) => (id === KEY_ID && sessionToken === token ? found : null) },
    region: 'us-east-1',
    clock: () => NOW,
    signingKeys,
  })
  const headers: HttpHeader[] = presigned
    ? [host, ...extra]
    : [host, ['x-amz-content-sha256', EMPTY_SHA256], ['x-amz-date', AMZ_DATE], ...extra]
  if (!presigned && token !== null) headers.push(['x-amz-security-token', token])
  const request = { method: 'GET', target: '/b/k', headers }
  const inUrl = token === null ? {} : { sessionToken: token }
  const parts = presigned
    ? { ...request, target: presign({ ...request, date: AMZ_DATE, ...inUrl }, pair) }
    : { ...request, headers: [...headers, ['authorization', signRequest(request, pair).authorization] as const] }
  try {
    const verification = await verifier.verify(rawRequest(parts))
    return verification.kind === 'signed' ? verification.credential.caller : verification.kind
  } catch (error) {
    if (error instanceof Error && 'code' in error && 'status' in error) return `${String(error.status)} ${String(error.code)}`
    throw error
  }
}

describe.each([false, true])('a credential that comes with a token (presigned: %s)', (presigned) => {
  test('is signed with any of its secrets, and with no other', async () => {
    for (const secret of ['first', 'second', 'third']) expect(await verify(session, { secret, presigned })).toBe('user')
    for (const secret of ['fourth', '', 'firs']) expect(await verify(session, { secret, presigned })).toBe('403 SignatureDoesNotMatch')
  })

  test('has eight secrets that are tried', async () => {
    const many = { ...session, otherSecrets: Array.from({ length: 9 }, (_, at) => ({ version: `${at}`, secretAccessKey: `other-${at}` })) }
    expect(await verify(many, { secret: 'other-6', presigned })).toBe('user')
    expect(await verify(many, { secret: 'other-7', presigned })).toBe('403 SignatureDoesNotMatch')
  })

  test('has the token that its resolver says', async () => {
    expect(await verify({ ...session, sessionToken: 'another' }, { presigned })).toBe('403 InvalidToken')
    const { sessionToken: _, ...permanent } = session
    expect(await verify(permanent, { presigned })).toBe('403 InvalidToken')
    expect(await verify(session, { token: null, presigned })).toBe('403 InvalidToken')
  })

  test('is refused for what its resolver says of the token, whatever it is signed with', async () => {
    for (const secret of ['first', 'fourth']) {
      expect(await verify({ refused: 'expired-token' }, { secret, presigned })).toBe('400 ExpiredToken')
      expect(await verify({ refused: 'invalid-token' }, { secret, presigned })).toBe('400 InvalidToken')
      expect(await verify({ refused: 'unavailable' }, { secret, presigned })).toBe('503 ServiceUnavailable')
    }
  })

  test('is good until it expires', async () => {
    expect(await verify({ ...session, expiresAt: new Date(NOW.getTime() + 1) }, { presigned })).toBe('user')
    for (const expiresAt of [NOW, new Date(0), new Date(Number.NaN)]) {
      expect(await verify({ ...session, expiresAt }, { presigned })).toBe('400 ExpiredToken')
    }
    expect(await verify({ ...session, expiresAt: NOW }, { secret: 'fourth', presigned })).toBe('403 SignatureDoesNotMatch')
  })

  test('presigns where it may', async () => {
    expect(await verify({ ...session, presigning: 'allow' }, { presigned })).toBe('user')
    expect(await verify({ ...session, presigning: 'deny' }, { presigned })).toBe(presigned ? '403 AccessDenied' : 'user')
  })
})

test('a token in the query and in a header is one too many', async () => {
  expect(await verify(session, { presigned: true, extra: [['x-amz-security-token', TOKEN]] })).toBe('400 InvalidArgument')
})

test('the signing keys of its secrets are told apart, and forgotten together', async () => {
  const keys = new SigningKeyCache()
  for (const secret of ['third', 'first', 'second', 'third']) expect(await verify(session, { secret }, keys)).toBe('user')
  expect(keys.size).toBe(3)
  keys.drop('session')
  expect(keys.size).toBe(0)
})

test('what was not signed rightly leaves no key behind', async () => {
  const keys = new SigningKeyCache()
  expect(await verify(null, {}, keys)).toBe('403 InvalidAccessKeyId')
  expect(await verify(session, { secret: 'fourth' }, keys)).toBe('403 SignatureDoesNotMatch')
  expect(keys.size).toBe(0)
  expect(await verify(session, { secret: 'second' }, keys)).toBe('user')
  expect(keys.size).toBe(2)
})
