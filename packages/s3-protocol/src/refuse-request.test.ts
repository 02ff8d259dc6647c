import { Readable } from 'node:stream'
import type { HttpRequest, HttpResponse } from '@stowage/http'
import { expect, test } from 'vitest'
import { refuseRequest } from './refuse-request.ts'
import { S3Error } from './s3-error.ts'

function requestOf(method: string): HttpRequest {
  return {
    method,
    target: '/bucket/key?X-Amz-Signature=secret',
    mount: '',
    headers: [['host', 'nobody.example']],
    body: Readable.from([]),
    signal: new AbortController().signal,
    peer: { address: null, encrypted: false },
    acceptBody: () => undefined,
  }
}

function textOf({ body }: HttpResponse): string {
  if (!(body instanceof Uint8Array)) throw new Error('errors are not streamed')
  return Buffer.from(body).toString()
}

test('a request that no door sees is refused as a door would', () => {
  const { response, isFault } = refuseRequest(requestOf('GET'), new S3Error('AccountProblem', 'There is a problem.'))
  expect([response.status, isFault]).toEqual([403, false])
  const text = textOf(response)
  expect(text).toContain('<Code>AccountProblem</Code><Message>There is a problem.</Message><Resource>/bucket/key</Resource>')
  const [, requestId] = response.headers.find(([name]) => name === 'x-amz-request-id') ?? []
  expect(requestId).toMatch(/^[0-9A-F]{16}$/)
  expect(text).toContain(`<RequestId>${requestId}</RequestId>`)
})

test('the answer to HEAD has no body; a fault says nothing of itself', () => {
  expect(refuseRequest(requestOf('HEAD'), new S3Error('SlowDown', 'Later.')).response).toMatchObject({ status: 503, body: null })
  const { response, isFault } = refuseRequest(requestOf('GET'), new Error('the password is hunter2'))
  expect([response.status, isFault]).toEqual([500, true])
  expect(textOf(response)).not.toContain('hunter2')
})
