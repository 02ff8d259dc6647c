import { accountCaller } from '@stowage/core'
import type { ObjectInfo, PartInfo, Session, UploadInfo } from '@stowage/core'
import type { HttpHeader, HttpResponse } from '@stowage/http'
import type { Operation, OperationContext, OperationRequest, Payload } from '../src/operation.ts'
import { S3Headers } from '../src/s3-headers.ts'
import { S3Query } from '../src/s3-query.ts'

export const BUCKET = 'photos'
export const NOW = new Date('2026-01-02T03:04:05.678Z')
const CONTEXT: OperationContext = {
  region: 'eu-central-1',
  requestId: 'A1',
  url: `https://s3.test/${BUCKET}/k`,
  displayName: (account) => account,
  redirects: null,
  now: NOW,
}

/** What the engine says of an object, in its plainest form. */
export const OBJECT: ObjectInfo = {
  bucketId: '1',
  key: 'k',
  versionId: 'null',
  deleteMarker: false,
  latest: true,
  sequence: 1,
  size: 11,
  etag: '5eb63bbbe01eeed093cb22bb8f5acdc3',
  partCount: null,
  checksum: null,
  headers: {},
  userMetadata: {},
  tags: {},
  ownerId: 'ann',
  retention: null,
  legalHold: false,
  createdAt: NOW,
}

export const PART: PartInfo = { partNumber: 2, size: 11, etag: OBJECT.etag, checksum: null, createdAt: NOW }

export const UPLOAD: UploadInfo = {
  uploadId: 'u1',
  kind: 'parts',
  bucketId: '1',
  key: 'k',
  headers: {},
  userMetadata: {},
  tags: {},
  ownerId: 'ann',
  ownerAccount: null,
  retention: null,
  legalHold: false,
  checksum: null,
  declaredSize: null,
  offset: 0,
  createdAt: NOW,
  expiresAt: NOW,
}

export interface Asked {
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: readonly HttpHeader[]
  readonly body?: unknown
}

const { signal } = new AbortController()

/** A request as an operation sees it. */
export function request<P extends Payload>(_payload: P, { key = '', query = {}, headers = [], body = null }: Asked): OperationRequest<P> {
  return {
    bucket: { name: BUCKET },
    key,
    query: new S3Query(Object.entries(query)),
    headers: new S3Headers(headers),
    body: body as OperationRequest<P>['body'],
    signal,
  }
}

/** What one request came to. */
export interface WirePair {
  /** The method of the session, and what it was given, without the signal. */
  readonly asked: readonly [method: string, input: unknown]
  readonly response: HttpResponse
  /** The body as text. */
  readonly text: string
}

/** Runs both pure steps of an operation around a recorded answer of the engine. */
export async function wirePair(operation: Operation, asked: Asked, output: unknown): Promise<WirePair> {
  let recorded: readonly [string, unknown] = ['', null]
  const session = new Proxy({ caller: accountCaller('ann') } as Session, {
    get: (target, name) =>
      name === 'caller'
        ? target.caller
        : async ({ signal: _signal, ...input }: { readonly signal?: AbortSignal }) => {
            recorded = [String(name), input]
            return output
          },
  })
  const response = await operation.handle(session, request(operation.payload, asked), CONTEXT)
  const text = response.body instanceof Uint8Array ? Buffer.from(response.body).toString() : ''
  return { asked: recorded, response, text }
}

/** A document without its declaration and S3's name space. */
export const bare = (text: string): string =>
  text.replace('<?xml version="1.0" encoding="UTF-8"?>', '').replace(' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"', '')
