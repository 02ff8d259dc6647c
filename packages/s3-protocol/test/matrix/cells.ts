import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { Operation } from '../../src/operation.ts'
import { Client } from '../client.ts'
import type { Answer } from '../client.ts'
import { CONTENT_TYPE, formBody, signedFields } from '../post-form.ts'
import { amzDate, chunkedBody, presign, sha256, signRequest } from '../signer.ts'
import type { Seed } from '../signer.ts'
import { BUCKET, BUCKET_POLICY, CONTENT, EMPTY_BUCKET, jwt, KEY, KEYS, r2ReadOnly, userSession, webIdentity } from './world.ts'
import type { Shown, World } from './world.ts'

type Header = readonly [name: string, value: string]

/** How a request says who sent it. */
export const CREDENTIAL_KINDS = [
  'none',
  'unknown key',
  'wrong signature',
  'owner',
  'other account',
  'read-only key',
  'expired key',
  'expired token',
  'user session',
  'bypass',
  'R2 temporary',
  'web identity',
  'presigned',
  'presigned expired',
  'garbage',
  'header and query',
] as const
export type CredentialKind = (typeof CREDENTIAL_KINDS)[number]

/** What it says of its body. */
export const BODY_MODES = [
  'nothing',
  'sha256',
  'UNSIGNED-PAYLOAD',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'wrong sha256',
] as const
export type BodyMode = (typeof BODY_MODES)[number]

/** A request that does what its route does, without who sends it. */
interface RouteRequest {
  readonly method: string
  readonly target: string
  readonly headers: readonly Header[]
  readonly body: Buffer
}

const PLACES: Readonly<Record<string, string>> = {
  CreateBucket: '/fresh',
  DeleteBucket: `/${EMPTY_BUCKET}`,
  CopyObject: `/${BUCKET}/folder/copy`,
}
const WORDS: Readonly<Record<string, string>> = { partNumber: '2' }
const HEADERS: Readonly<Record<string, string>> = { 'x-amz-copy-source': `/${BUCKET}/${KEY}` }
const MORE_HEADERS: Readonly<Record<string, Header>> = {
  GetObjectAttributes: ['x-amz-object-attributes', 'ETag'],
  PutBucketAcl: ['x-amz-acl', 'private'],
  PutObjectAcl: ['x-amz-acl', 'private'],
}
const PART_ETAG = createHash('md5').update(CONTENT).digest('hex')

/** From the row of the routing table; what a document or an object holds is by name. */
function requestOf({ name, match, payload }: Operation, { uploadId }: World): RouteRequest {
  const place = PLACES[name] ?? { service: '/', bucket: `/${BUCKET}`, object: `/${BUCKET}/${KEY}` }[match.on]
  const words = Object.entries(match.query ?? {}).map(([word, value]) => {
    const given = value === true ? (word === 'uploadId' ? uploadId : (WORDS[word] ?? '')) : value
    return given === '' ? word : `${word}=${encodeURIComponent(given)}`
  })
  const headers: Header[] = match.header === undefined ? [] : [[match.header, HEADERS[match.header] ?? 'x']]
  const more = MORE_HEADERS[name]
  if (more !== undefined) headers.push(more)
  const body = Buffer.from(payload === 'none' ? '' : (documentOf(name) ?? (payload === 'stream' ? 'new bytes' : '')))
  if (name === 'DeleteObjects') headers.push(['content-md5', createHash('md5').update(body).digest('base64')])
  return { method: match.method, target: words.length === 0 ? place : `${place}?${words.join('&')}`, headers, body }
}

function documentOf(name: string): string | undefined {
  switch (name) {
    case 'DeleteObjects':
      return `<Delete><Object><Key>${KEY}</Key></Object></Delete>`
    case 'CompleteMultipartUpload':
      return `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${PART_ETAG}</ETag></Part></CompleteMultipartUpload>`
    case 'PutBucketVersioning':
      return '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
    case 'PutBucketPolicy':
      return BUCKET_POLICY.replace('carl', 'dora')
    default:
      return undefined
  }
}

/** Credentials, which do not change while the matrix runs; null where none is shown. */
export type Wallet = Readonly<Record<CredentialKind, Shown | null>>

export async function fillWallet(): Promise<Wallet> {
  const { owner } = KEYS
  const user = { role: 'authenticated', sub: 'u1' }
  const wrong = { ...owner, secretAccessKey: 'another secret' }
  return {
    none: null,
    'unknown key': KEYS.unknown,
    'wrong signature': wrong,
    owner,
    'other account': KEYS.other,
    'read-only key': KEYS.readOnly,
    'expired key': KEYS.expired,
    'expired token': userSession(jwt({ ...user, exp: Math.floor(Date.now() / 1000) - 1 })),
    'user session': userSession(jwt(user)),
    bypass: KEYS.bypass,
    'R2 temporary': r2ReadOnly(),
    'web identity': await webIdentity(jwt(user)),
    presigned: owner,
    'presigned expired': owner,
    garbage: null,
    'header and query': owner,
  }
}

export interface Cell {
  readonly operation: Operation
  readonly kind: CredentialKind
  readonly mode: BodyMode
}

/** Sends the request of a cell. */
export async function sendCell({ operation, kind, mode }: Cell, world: World, wallet: Wallet): Promise<Answer> {
  const request = requestOf(operation, world)
  const shown = wallet[kind]
  const isForm = operation.payload === 'form'
  const inForm = isForm && shown !== null && !kind.startsWith('presigned') && kind !== 'header and query'
  const form = inForm ? formOf(shown) : formOf(null)
  const bare = { ...request, body: isForm ? form : request.body, headers: [...request.headers, ...(isForm ? [CONTENT_TYPE] : [])] }
  const sent = signed(withMode(bare, mode), { kind, mode, shown: inForm ? null : shown, host: `127.0.0.1:${world.port}` })
  return new Client(world.port, null).send(sent.method, sent.target, { headers: sent.headers.slice(1), body: sent.body })
}

function formOf(shown: Shown | null): Buffer {
  const { sessionToken } = shown ?? {}
  const signing = shown === null ? [] : signedFields(shown, { bucket: BUCKET, ...(sessionToken === undefined ? {} : { sessionToken }) })
  return formBody([['key', 'folder/form'], ...signing], { content: 'new bytes' })
}

function withMode(request: RouteRequest, mode: BodyMode): RouteRequest {
  const { headers, body } = request
  if (mode === 'nothing') return request
  const value = mode === 'sha256' ? sha256(body) : mode === 'wrong sha256' ? sha256('another body') : mode
  const more: Header[] = [['x-amz-content-sha256', value]]
  if (isStreaming(mode)) more.push(['x-amz-decoded-content-length', String(body.length)])
  if (mode.endsWith('TRAILER')) more.push(['x-amz-trailer', 'x-amz-checksum-sha256'])
  return { ...request, headers: [...headers, ...more] }
}

const isStreaming = (mode: BodyMode): boolean => mode.startsWith('STREAMING')

interface Signing {
  readonly kind: CredentialKind
  readonly mode: BodyMode
  readonly shown: Shown | null
  readonly host: string
}

/** The request with the signature of its kind. The first header is `host`. */
function signed(request: RouteRequest, { kind, mode, shown, host }: Signing): RouteRequest {
  const headers: Header[] = [['host', host], ...request.headers]
  const framed = (seed: Seed | null): Buffer => frame(request, mode, seed)
  const scope = `${amzDate(new Date()).slice(0, 8)}/us-east-1/s3/aws4_request`
  if (kind === 'garbage') headers.push(['authorization', `AWS4-HMAC-SHA256 Credential=${KEYS.owner.accessKeyId}/${scope}, Signature=`])
  if (shown === null) return { ...request, headers, body: framed(null) }
  if (kind === 'presigned' || kind === 'presigned expired') {
    const date = amzDate(new Date(Date.now() - (kind === 'presigned' ? 0 : 120_000)))
    const payloadHash = headers.find(([name]) => name === 'x-amz-content-sha256')?.[1] ?? 'UNSIGNED-PAYLOAD'
    const target = presign({ method: request.method, target: request.target, headers, date, payloadHash }, shown)
    return { ...request, target, headers, body: framed(null) }
  }
  headers.push(['x-amz-date', amzDate(new Date())])
  if (shown.sessionToken !== undefined) headers.push(['x-amz-security-token', shown.sessionToken])
  const mark = request.target.includes('?') ? '&' : '?'
  const target = kind === 'header and query' ? `${request.target}${mark}X-Amz-Signature=${'0'.repeat(64)}` : request.target
  const { authorization, seed } = signRequest({ method: request.method, target, headers }, shown)
  return { ...request, target, headers: [...headers, ['authorization', authorization]], body: framed(seed) }
}

function frame({ method, body }: RouteRequest, mode: BodyMode, seed: Seed | null): Buffer {
  if (!isStreaming(mode) || (method !== 'PUT' && method !== 'POST')) return body
  const checksum = createHash('sha256').update(body).digest('base64')
  const trailers = mode.endsWith('TRAILER') ? { trailers: [['x-amz-checksum-sha256', checksum] as const] } : {}
  return chunkedBody(body, { seed: mode.includes('UNSIGNED') ? null : seed, ...trailers })
}
