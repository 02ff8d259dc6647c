import type { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import type { Answer, RequestOptions } from './client.ts'
import { BUCKET } from './door.ts'
import type { Door } from './door.ts'

type Headers = NonNullable<RequestOptions['headers']>

/** Ann's multipart uploads over the wire, in the bucket of the door. */
export interface MultipartClient {
  readonly send: (method: string, key: string, headers?: Headers, body?: string | Uint8Array) => Promise<Answer>
  /** Begins an upload, and gives back its id. */
  readonly begin: (key: string, headers?: Headers) => Promise<string>
  readonly part: (key: string, uploadId: string, number: number | string, body: string, headers?: Headers) => Promise<Answer>
  readonly complete: (key: string, uploadId: string, list: string, headers?: Headers) => Promise<Answer>
  /** Begins an upload, and sends `FIRST` and `SECOND`. */
  readonly uploaded: (key: string) => Promise<string>
}

export const FIRST = 'the first part, not small'
export const SECOND = 'the second part, not small either'

export const md5 = (bytes: string | Uint8Array): Buffer => createHash('md5').update(bytes).digest()
export const hex = (body: string): string => md5(body).toString('hex')

/** The document of CompleteMultipartUpload. */
export const listOf = (parts: readonly (readonly [number: number | string, etag: string, more?: string])[]): string =>
  `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts
    .map(([number, etag, more = '']) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag>${more}</Part>`)
    .join('')}</CompleteMultipartUpload>`

/** That of `uploaded`. */
export const LIST: string = listOf([
  [1, hex(FIRST)],
  [2, hex(SECOND)],
])

/** A door is opened before the tests, so it is asked for when it is needed. */
export function multipartClient(door: () => Door): MultipartClient {
  const send: MultipartClient['send'] = (method, key, headers = [], body = '') =>
    door().ann.send(method, `/${BUCKET}/${key}`, { headers, body })
  const begin: MultipartClient['begin'] = async (key, headers = []) => {
    const begun = await send('POST', `${key}?uploads`, headers)
    expect([begun.outcome, begun.one('Bucket'), begun.one('Key')]).toEqual(['200', BUCKET, key])
    return begun.one('UploadId') ?? ''
  }
  const part: MultipartClient['part'] = (key, uploadId, number, body, headers = []) =>
    send('PUT', `${key}?partNumber=${number}&uploadId=${uploadId}`, headers, body)
  const complete: MultipartClient['complete'] = (key, uploadId, list, headers = []) =>
    send('POST', `${key}?uploadId=${uploadId}`, headers, list)
  const uploaded: MultipartClient['uploaded'] = async (key) => {
    const uploadId = await begin(key)
    expect((await part(key, uploadId, 1, FIRST)).header('etag')).toBe(`"${hex(FIRST)}"`)
    expect((await part(key, uploadId, 2, SECOND)).header('etag')).toBe(`"${hex(SECOND)}"`)
    return uploadId
  }
  return { send, begin, part, complete, uploaded }
}
