import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HttpHeader } from '@stowage/http'
import { percentEncode } from '../../src/sigv4/canonical-request.ts'
import { RequestVerifier } from '../../src/sigv4/request-verifier.ts'
import { S3Error } from '../../src/s3-error.ts'
import { rawRequest } from '../signed-request.ts'
import { presign, sha256, signRequest } from '../signer.ts'
import type { KeyPair } from '../signer.ts'
import { runs, SEED_HINT, TIMEOUT_MS } from './settings.ts'

const ANN: KeyPair = { accessKeyId: 'ANNSKEY', secretAccessKey: 'the secret of Ann' }
const BOB: KeyPair = { accessKeyId: 'BOBSKEY', secretAccessKey: 'the secret of Bob' }
const DATE = '20260102T030405Z'
const verifier = new RequestVerifier<string>({
  credentials: {
    find(id) {
      const pair = [ANN, BOB].find(({ accessKeyId }) => accessKeyId === id)
      return pair === undefined ? null : { id, version: '1', secretAccessKey: pair.secretAccessKey, caller: id }
    },
  },
  region: 'eu-west-1',
  clock: () => new Date('2026-01-02T03:05:00Z'),
})

/** A request as it means something: encoded only when it is sent. */
interface Meaning {
  readonly method: string
  readonly bucket: string
  readonly key: string
  readonly query: readonly (readonly [string, string])[]
  readonly headers: readonly HttpHeader[]
}

const characters = fc.oneof(
  fc.constantFrom(...Array.from("abcXYZ019-._~/ +%&=?#'()*!$,:;@")),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
)
const text = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.array(characters, { minLength, maxLength }).map((all) => all.join(''))
const queryName = fc.oneof(
  fc.constantFrom('acl', 'uploadId', 'partNumber', 'versionId', 'prefix', 'response-content-type'),
  text(1, 5).map((name) => `q${name}`),
)
// ASCII: clients sign what is not in two ways, as bytes or as UTF-8 of its characters, and both are taken.
const headerValue = fc
  .string({ unit: fc.constantFrom(...Array.from('abcXYZ019 ,;="/:+%\t')), maxLength: 12 })
  .map((value) => `v${value.replaceAll(/[ \t]+/g, ' ')}v`)
const headerName = fc.constantFrom('x-amz-meta-a', 'x-amz-meta-b', 'x-amz-acl', 'content-type', 'range', 'if-match', 'x-amz-copy-source')
const meaning: fc.Arbitrary<Meaning> = fc.record({
  method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD'),
  bucket: fc.constantFrom('photos', 'music'),
  key: text(0, 12),
  query: fc.array(fc.tuple(queryName, text(0, 6)), { maxLength: 3 }),
  headers: fc
    .uniqueArray(fc.tuple(headerName, headerValue), { maxLength: 4, selector: ([name]) => name })
    .map((more): HttpHeader[] => [['host', 'h:9000'], ...more]),
})

function targetOf({ bucket, key, query }: Meaning): string {
  const path = `/${bucket}/${key.split('/').map(percentEncode).join('/')}`
  const search = query.map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`).join('&')
  return search === '' ? path : `${path}?${search}`
}

/** A request as it goes over the wire. */
interface Sent {
  readonly method: string
  readonly target: string
  readonly headers: readonly HttpHeader[]
}

function inHeader(meant: Meaning): Sent {
  const headers: HttpHeader[] = [...meant.headers, ['x-amz-date', DATE], ['x-amz-content-sha256', sha256('body')]]
  const target = targetOf(meant)
  const { authorization } = signRequest({ method: meant.method, target, headers, region: 'eu-west-1' }, ANN)
  return { method: meant.method, target, headers: [...headers, ['authorization', authorization]] }
}

function inQuery(meant: Meaning): Sent {
  const target = presign(
    { method: meant.method, target: targetOf(meant), headers: meant.headers, date: DATE, expires: '600', region: 'eu-west-1' },
    ANN,
  )
  return { method: meant.method, target, headers: meant.headers }
}

/** Who the verifier takes a request for; null where it is refused. Anything thrown but an `S3Error` comes out. */
async function callerOf({ method, target, headers }: Sent): Promise<string | null> {
  try {
    const verified = await verifier.verify(rawRequest({ method, target, headers }))
    return verified.kind === 'signed' ? verified.credential.caller : 'anonymous'
  } catch (error) {
    if (!(error instanceof S3Error) || error.status >= 500) throw error
    return null
  }
}

/** A choice out of a list, and another text, to be used by whichever mutation is tried. */
interface Choice {
  readonly at: number
  readonly other: string
}

type Mutate = (sent: Sent, meant: Meaning, choice: Choice) => Sent

const replaceAt = (value: string, { at, other }: Choice): string => {
  const all = Array.from(value)
  return all.toSpliced(at % (all.length + 1), 1, other).join('')
}
/** Another hexadecimal digit somewhere in a run of them. */
const otherDigit = (digits: string, { at }: Choice): string => {
  const place = at % digits.length
  const digit = (Number.parseInt(digits[place] ?? '0', 16) + 1 + (at % 15)) % 16
  return digits.slice(0, place) + digit.toString(16) + digits.slice(place + 1)
}
const withPath = (sent: Sent, meant: Meaning): Sent => ({
  ...sent,
  target: targetOf({ ...meant, query: [] }) + sent.target.slice(pathLength(sent.target)),
})
const pathLength = (target: string): number => (target.includes('?') ? target.indexOf('?') : target.length)
const withQuery = (sent: Sent, piece: string): Sent => ({
  ...sent,
  target: `${sent.target}${sent.target.includes('?') ? '&' : '?'}${piece}`,
})
const ownHeaders = ({ headers }: Sent): number[] => headers.flatMap(([name], index) => (name === 'authorization' ? [] : [index]))
const withHeader = (sent: Sent, index: number, changed: readonly HttpHeader[]): Sent => ({
  ...sent,
  headers: sent.headers.toSpliced(index, 1, ...changed),
})
const pick = <T>(list: readonly T[], { at }: Choice): T | undefined => list[at % list.length]

const MUTATIONS: Readonly<Record<string, Mutate>> = {
  'another method': (sent, _, { at }) => ({
    ...sent,
    method: ['GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'PATCH', 'get'].filter((name) => name !== sent.method)[at % 6] ?? '',
  }),
  'another bucket': (sent, meant) => withPath(sent, { ...meant, bucket: `${meant.bucket}2` }),
  'another character in the key': (sent, meant, choice) => withPath(sent, { ...meant, key: replaceAt(meant.key, choice) }),
  'a slash more': (sent, meant, { at }) => withPath(sent, { ...meant, key: at % 2 === 0 ? `/${meant.key}` : `${meant.key}/` }),
  'one more in the query': (sent, _, { at }) =>
    withQuery(sent, ['acl', 'uploads', 'versionId=null', 'x-amz-acl=public-read', 'q=1', '=', 'X-Amz-Expires=1'][at % 7] ?? ''),
  'one less in the query': (sent, _, choice) => {
    const [path, search = ''] = sent.target.split('?')
    const pieces = search.split('&')
    const left = pieces.toSpliced(choice.at % pieces.length, 1).join('&')
    return { ...sent, target: left === '' ? (path ?? '') : `${path}?${left}` }
  },
  'another value in the query': (sent, _, choice) => {
    const [path, search = ''] = sent.target.split('?')
    const pieces = search.split('&')
    const index = choice.at % pieces.length
    return { ...sent, target: `${path}?${pieces.with(index, `${pieces[index] ?? ''}${percentEncode(choice.other)}`).join('&')}` }
  },
  'another value of a header': (sent, _, choice) => {
    const index = pick(ownHeaders(sent), choice) ?? 0
    const [name, value] = sent.headers[index] ?? ['', '']
    return withHeader(sent, index, [[name, `${value}${/[^ \t\x80-\uffff]/.exec(choice.other)?.[0] ?? 'x'}`]])
  },
  'a header less': (sent, _, choice) => withHeader(sent, pick(ownHeaders(sent), choice) ?? 0, []),
  'a header twice': (sent, _, choice) => {
    const index = pick(ownHeaders(sent), choice) ?? 0
    const header = sent.headers[index] ?? ['', '']
    return withHeader(sent, index, [header, header])
  },
  'a header by another name': (sent, _, choice) => {
    const index = pick(ownHeaders(sent), choice) ?? 0
    const [name, value] = sent.headers[index] ?? ['', '']
    return withHeader(sent, index, [[`${name}x`, value]])
  },
  'a header that is not signed': (sent, _, { at, other }) => {
    const name =
      ['x-amz-acl', 'x-amz-meta-c', 'x-amz-copy-source', 'x-amz-tagging', 'x-amz-storage-class', 'x-amz-security-token'][at % 6] ?? ''
    return { ...sent, headers: [...sent.headers, [name, other]] }
  },
  'another digit of the signature': (sent, _, choice) => ({
    ...sent,
    target: sent.target.replace(/(X-Amz-Signature=)([0-9a-f]+)/, (_, name: string, digits: string) => name + otherDigit(digits, choice)),
    headers: sent.headers.map(([name, value]) => [
      name,
      value.replace(/(Signature=)([0-9a-f]+)$/, (_, word: string, digits: string) => word + otherDigit(digits, choice)),
    ]),
  }),
  'a digit less': (sent) => ({
    ...sent,
    target: sent.target.replace(/(X-Amz-Signature=[0-9a-f]+)[0-9a-f]/, '$1'),
    headers: sent.headers.map(([name, value]) => [name, value.replace(/(Signature=[0-9a-f]+)[0-9a-f]$/, '$1')]),
  }),
  "somebody else's key": (sent) => rewritten(sent, 'ANNSKEY', 'BOBSKEY'),
  'another day': (sent) => rewritten(sent, '20260102', '20260103'),
  'another second': (sent) => rewritten(sent, 'T030405Z', 'T030406Z'),
  'another region': (sent) => rewritten(sent, 'eu-west-1', 'us-east-1'),
  'another service': (sent) => rewritten(rewritten(sent, '/s3/', '/sts/'), '%2Fs3%2F', '%2Fsts%2F'),
  'a longer life': (sent) => rewritten(sent, 'X-Amz-Expires=600', 'X-Amz-Expires=601'),
  'fewer signed headers': (sent) => rewritten(sent, /SignedHeaders=[^,&]*host/, 'SignedHeaders=host'),
}

function rewritten(sent: Sent, from: string | RegExp, to: string): Sent {
  return { ...sent, target: sent.target.replace(from, to), headers: sent.headers.map(([name, value]) => [name, value.replace(from, to)]) }
}

/** Two requests that mean the same to whoever signs: nothing was changed. */
function isSame(one: Sent, other: Sent): boolean {
  return one.method === other.method && one.target === other.target && JSON.stringify(one.headers) === JSON.stringify(other.headers)
}

describe.each([
  ['in a header', inHeader],
  ['in the query', inQuery],
])(`D15: a signature %s (${SEED_HINT})`, { timeout: TIMEOUT_MS }, (_, sign) => {
  test('is right for what was signed', async () => {
    await fc.assert(
      fc.asyncProperty(meaning, async (meant) => {
        expect(await callerOf(sign(meant))).toBe('ANNSKEY')
      }),
      runs(10_000),
    )
  })

  test('is wrong for anything else', async () => {
    const choice = fc.record({ at: fc.nat(1_000), other: characters })
    const tried = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(meaning, fc.constantFrom(...Object.keys(MUTATIONS)), choice, async (meant, name, choice) => {
        const sent = sign(meant)
        const changed = MUTATIONS[name]?.(sent, meant, choice) ?? sent
        if (isSame(sent, changed)) return
        tried.set(name, (tried.get(name) ?? 0) + 1)
        // Without any trace of a signature it is anonymous.
        expect([null, 'anonymous']).toContain(await callerOf(changed))
      }),
      runs(10_000),
    )
    // Each changed something, but for the one that only URLs have.
    const untried = Object.keys(MUTATIONS).filter((name) => (tried.get(name) ?? 0) < 10)
    expect(untried.filter((name) => name !== 'a longer life')).toEqual([])
  })
})
