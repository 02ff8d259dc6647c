import { Readable } from 'node:stream'
import type { HttpHeader, HttpResponse } from '@stowage/http'
import { expect, test } from 'vitest'
import { withHealth } from './with-health.ts'

const DOOR: HttpResponse = { status: 418, headers: [], body: null }

async function ask(
  target: string,
  {
    method = 'GET',
    headers = [],
    isReady = () => Promise.resolve(true),
  }: { method?: string; headers?: HttpHeader[]; isReady?: () => Promise<boolean> } = {},
): Promise<string> {
  const { status, body } = await withHealth(() => Promise.resolve(DOOR), { isReady })({
    method,
    target,
    headers,
    body: Readable.from([]),
    signal: new AbortController().signal,
    mount: '',
    peer: { address: null, encrypted: false },
    acceptBody: () => undefined,
  })
  return `${status} ${body instanceof Uint8Array ? Buffer.from(body).toString().trim() : ''}`
}

test.each<[string, Parameters<typeof ask>[1], string]>([
  ['/health', {}, '200 {"status":"ok"}'],
  ['/health', { isReady: () => Promise.reject(new Error('the disk is gone')) }, '200 {"status":"ok"}'],
  ['/ready', {}, '200 {"status":"ready"}'],
  ['/ready', { method: 'HEAD' }, '200 {"status":"ready"}'],
  ['/ready', { isReady: () => Promise.resolve(false) }, '503 {"status":"not ready"}'],
  ['/ready', { isReady: () => Promise.reject(new Error('the disk is gone')) }, '503 {"status":"not ready"}'],
])('GET %s, %j: %s', async (target, options, outcome) => {
  expect(await ask(target, options)).toBe(outcome)
})

test('everything else goes to the door: other paths and methods, a query, a signature', async () => {
  const signed: HttpHeader[] = [['authorization', 'AWS4-HMAC-SHA256 …']]
  for (const [target, options] of [
    ['/', {}],
    ['/health/', {}],
    ['/health?list-type=2', {}],
    ['/ready?X-Amz-Signature=x', {}],
    ['/health', { method: 'PUT' }],
    ['/ready', { method: 'DELETE' }],
    ['/health', { headers: signed }],
  ] as const) {
    expect([target, await ask(target, options)]).toEqual([target, '418 '])
  }
})
