import { Buffer } from 'node:buffer'
import * as fc from 'fast-check'
import { percentEncode } from '../../src/sigv4/canonical-request.ts'
import { OPERATIONS } from '../../src/operations/index.ts'
import { SUB_RESOURCES } from '../../src/sub-resources.ts'
import type { Client, RequestOptions } from '../client.ts'
import { chunkedBody } from '../signer.ts'
import { mutate, mutations } from './mutate.ts'
import type { Mutation } from './mutate.ts'

/** A request as a fuzzer thinks it up. It means nothing before it is known which bucket, and which upload, is there. */
export interface HostileRequest {
  readonly method: string
  readonly path: 'service' | 'bucket' | 'object' | { readonly raw: string }
  readonly query: readonly (readonly [string, string])[]
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Uint8Array
  readonly payload: 'hash' | 'unsigned' | 'signed-chunks' | 'signed-trailer' | 'unsigned-trailer' | 'nonsense'
  /** Changes of the body behind the signature's back. */
  readonly bodyChanges: readonly Mutation[]
  /** Changes of the bytes of the head, signed as it was before. */
  readonly headChanges: readonly Mutation[]
  readonly anonymous: boolean
}

/** Stand for what is there: replaced when the request is composed. */
const UPLOAD = '%UPLOAD%'
const THIS_BUCKET = '%BUCKET%'

const junk = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '1',
    '-1',
    '2',
    '10000',
    '10001',
    '99999999999999999999',
    '1e3',
    '0x10',
    'NaN',
    'null',
    'true',
    'url',
    '*',
    '/',
    '"',
    '"etag"',
    UPLOAD,
  ),
  fc.constantFrom(
    'bytes=0-0',
    'bytes=-1',
    'bytes=9-1',
    'bytes=0-99999999999999999999',
    'Sun, 22 Nov 2026 14:00:00 GMT',
    '9999-99-99T99:99:99Z',
    'x'.repeat(2_000),
  ),
  fc.constantFrom(
    'COPY',
    'REPLACE',
    'CRC32',
    'SHA256',
    'FULL_OBJECT',
    'COMPOSITE',
    'ENABLED',
    'STANDARD',
    'private',
    'public-read',
    'aws-chunked',
    'AAAAAA==',
    'x-amz-checksum-crc32',
  ),
  fc.string({ unit: 'binary-ascii', maxLength: 12 }),
)
/** What may stand in a header without ending it. */
const headerJunk = fc
  .oneof(junk, fc.string({ unit: fc.integer({ min: 0x80, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 8 }))
  .map((text) =>
    text
      .replaceAll(UNSAFE_IN_HEADER, '')
      .trim()
      .replaceAll(/[ \t]+/g, ' '),
  )

const queryName = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(...SUB_RESOURCES) },
  {
    weight: 3,
    arbitrary: fc.constantFrom('uploads', 'uploadId', 'partNumber', 'delete', 'versions', 'list-type', 'location', 'attributes'),
  },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'prefix',
      'delimiter',
      'marker',
      'key-marker',
      'version-id-marker',
      'upload-id-marker',
      'max-keys',
      'max-uploads',
      'max-parts',
      'part-number-marker',
      'continuation-token',
      'start-after',
      'encoding-type',
      'fetch-owner',
      'response-content-type',
      'response-expires',
      'x-id',
      'max-buckets',
      'bucket-region',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'X-Amz-Signature',
      'X-Amz-Algorithm',
      'X-Amz-Credential',
      'X-Amz-Expires',
      'X-Amz-Security-Token',
      'AWSAccessKeyId',
      '__proto__',
      'constructor',
      '',
    ),
  },
)
const headerName = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'range',
      'if-match',
      'if-none-match',
      'if-modified-since',
      'if-unmodified-since',
      'content-md5',
      'content-type',
      'content-encoding',
      'content-disposition',
      'content-language',
      'cache-control',
      'expires',
      'date',
      'origin',
      'accept-encoding',
      'cookie',
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'x-amz-acl',
      'x-amz-copy-source',
      'x-amz-copy-source-range',
      'x-amz-copy-source-if-match',
      'x-amz-metadata-directive',
      'x-amz-tagging',
      'x-amz-storage-class',
      'x-amz-checksum-crc32',
      'x-amz-checksum-sha256',
      'x-amz-checksum-md9',
      'x-amz-checksum-algorithm',
      'x-amz-checksum-type',
      'x-amz-checksum-mode',
      'x-amz-sdk-checksum-algorithm',
      'x-amz-mp-object-size',
      'x-amz-object-attributes',
      'x-amz-max-parts',
      'x-amz-part-number-marker',
      'x-amz-expected-bucket-owner',
      'x-amz-website-redirect-location',
      'x-amz-meta-a',
      'x-amz-meta-',
      'x-amz-meta-__proto__',
      'x-amz-server-side-encryption',
      'x-amz-object-lock-mode',
      'x-amz-grant-read',
      'x-amz-security-token',
      'x-amz-request-payer',
      'x-amz-trailer',
      'x-amz-object-ownership',
      'x-amz-bucket-object-lock-enabled',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'expect',
      'transfer-encoding',
      'upgrade',
      'te',
      'trailer',
      'connection',
      'host',
      'x-amz-date',
      'x-amz-content-sha256',
      'x-amz-decoded-content-length',
      'content-length',
      'x-forwarded-host',
      '__proto__',
    ),
  },
)
const copySource = fc.constantFrom(
  `${THIS_BUCKET}/kept`,
  `/${THIS_BUCKET}/kept`,
  `${THIS_BUCKET}%2Fkept`,
  `${THIS_BUCKET}/absent`,
  'kept',
  '/',
  '%',
  `${THIS_BUCKET}/kept?versionId=null`,
  `${THIS_BUCKET}/kept?versionId=`,
)

const BODIES = [
  '',
  'hello',
  '<Delete><Object><Key>kept</Key></Object></Delete>',
  '<Delete><Quiet>true</Quiet><Object><Key>k</Key><VersionId>null</VersionId><ETag>*</ETag></Object></Delete>',
  '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"x"</ETag></Part></CompleteMultipartUpload>',
  '<CreateBucketConfiguration><LocationConstraint>us-east-1</LocationConstraint></CreateBucketConfiguration>',
]
const XML_WORDS = ['<', '>', '</', '<Key>', '</Key>', '<Object>', '&', '&#0;', '&#xD800;', '<!DOCTYPE a [<!ENTITY b "c">]>', '<![CDATA[', '\0', '\xff', '99999999999', '-1'] // prettier-ignore
const FRAME_WORDS = ['0\r\n', '\r\n', '\n', 'ffffffff\r\n', ';chunk-signature=', '-1\r\n', '0\r\n\r\n']
const HEAD_WORDS = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  ':',
  '\r\n\r\n',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'HTTP/1.0',
  'HTTP/2.0',
  '%00',
  '%ff',
  '%2e%2e/',
  '../',
  '//',
  '?',
  '#',
  '\xff',
  '\x80',
  'x'.repeat(20_000),
]

/** Ends a header, or makes node refuse all of it. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const UNSAFE_IN_HEADER = /[\0-\x08\x0a-\x1f\x7f]/g
/** Ends the target, or begins the query. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const UNSAFE_IN_TARGET = /[\0-\x20?\x7f]/g

const none: fc.Arbitrary<readonly Mutation[]> = fc.constant([])

/** What makes an operation of the table, so that each is reached; to be spoilt by the rest. */
const begun: fc.Arbitrary<Pick<HostileRequest, 'method' | 'path' | 'query'>> = fc.constantFrom(...OPERATIONS).map(({ match }) => ({
  method: match.method,
  path: match.on,
  query: Object.entries(match.query ?? {}).map(([name, value]) => [name, value === true ? (VALUES[name] ?? '') : value]),
}))
const VALUES: Readonly<Record<string, string>> = { uploadId: UPLOAD, partNumber: '1' }
const random: typeof begun = fc.record({
  method: fc.constantFrom(
    'GET',
    'HEAD',
    'PUT',
    'POST',
    'DELETE',
    'OPTIONS',
    'PATCH',
    'TRACE',
    'CONNECT',
    'PROPFIND',
    'QUERY',
    'get',
    'NONSENSE',
  ),
  path: fc.oneof(
    fc.constantFrom('service' as const, 'bucket' as const, 'object' as const),
    fc.string({ unit: 'binary-ascii', maxLength: 10 }).map((raw) => ({ raw: `/${raw.replaceAll(UNSAFE_IN_TARGET, '%')}` })),
  ),
  query: fc.constant([]),
})

/** None, one or some of them. */
function few<T>(one: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> {
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 3, arbitrary: fc.tuple(one) },
    { weight: 1, arbitrary: fc.array(one, { maxLength: 4 }) },
  )
}

const header = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(headerName, headerJunk) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('x-amz-copy-source'), copySource) },
)

/** Mostly requests that get past the signature, so that what is behind it is reached. */
export const hostileRequest: fc.Arbitrary<HostileRequest> = fc
  .record({
    begun: fc.oneof({ weight: 5, arbitrary: begun }, { weight: 1, arbitrary: random }),
    more: few(fc.tuple(queryName, junk)),
    headers: few(header),
    body: fc.oneof(
      fc.constantFrom(...BODIES).map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 300 }),
    ),
    payload: fc.oneof(
      { weight: 6, arbitrary: fc.constant('hash' as const) },
      {
        weight: 4,
        arbitrary: fc.constantFrom(
          'unsigned' as const,
          'signed-chunks' as const,
          'signed-trailer' as const,
          'unsigned-trailer' as const,
          'nonsense' as const,
        ),
      },
    ),
    bodyChanges: fc.oneof({ weight: 3, arbitrary: none }, { weight: 1, arbitrary: mutations([...XML_WORDS, ...FRAME_WORDS]) }),
    headChanges: fc.oneof({ weight: 7, arbitrary: none }, { weight: 1, arbitrary: mutations(HEAD_WORDS, 2) }),
    anonymous: fc.nat(9).map((toss) => toss === 0),
  })
  .map(({ begun, more, ...rest }) => ({ ...begun, ...rest, query: [...begun.query, ...more] }))

const PAYLOADS = {
  unsigned: 'UNSIGNED-PAYLOAD',
  'signed-chunks': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'signed-trailer': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
  'unsigned-trailer': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  nonsense: 'STREAMING-NONSENSE',
} as const

/** What is there for a request to meet. */
export interface Scene {
  readonly bucket: string
  readonly uploadId: string
}

/** The bytes of a request, signed by the client, then changed. The connection is to be closed behind it. */
export function composeHostile(request: HostileRequest, client: Client, { bucket, uploadId }: Scene): Buffer {
  const fill = (text: string): string => text.replaceAll(UPLOAD, uploadId).replaceAll(THIS_BUCKET, bucket)
  const paths = { service: '/', bucket: `/${bucket}`, object: `/${bucket}/new%20key` }
  const path = typeof request.path === 'string' ? paths[request.path] : request.path.raw
  const search = request.query.map(([name, value]) => `${percentEncode(name)}=${percentEncode(fill(value))}`).join('&')
  const changed = mutate(request.body, request.bodyChanges)
  const options: RequestOptions = {
    ...bodyOf(request, changed),
    headers: [...framing(request), ...request.headers.map(([name, value]): [string, string] => [name, fill(value)])],
    unsigned: [['connection', 'close']],
  }
  const { head, body } = client.compose(request.method, search === '' ? path : `${path}?${search}`, options)
  return Buffer.concat([mutate(head, request.headChanges), body])
}

/** What every honest framed request says. */
function framing({ body, payload }: HostileRequest): readonly (readonly [string, string])[] {
  return payload.endsWith('chunks') || payload.endsWith('trailer') ? [['x-amz-decoded-content-length', String(body.length)]] : []
}

function bodyOf({ body, bodyChanges, payload }: HostileRequest, changed: Buffer): RequestOptions {
  // The hash of what it was before it was changed, every now and then.
  if (payload === 'hash') return { body: bodyChanges.length % 2 === 0 ? changed : body }
  const value = PAYLOADS[payload]
  if (payload === 'unsigned' || payload === 'nonsense') return { body: changed, payload: value }
  return {
    payload: value,
    makeBody: (seed) => {
      const framing = { seed: payload === 'unsigned-trailer' ? null : seed, ...(payload === 'signed-chunks' ? {} : { trailers: [] }) }
      return mutate(chunkedBody(body, framing), bodyChanges)
    },
  }
}
