import { Readable } from 'node:stream'
import type { HttpHandler, HttpRequest } from '@stowage/http'
import { expect, test } from 'vitest'
import type { LogLevel } from './log-level.ts'
import { serverLog } from './server-log.ts'
import { withRequestLog } from './with-request-log.ts'

const REQUEST: HttpRequest = {
  method: 'GET',
  target: '/photos/cat%20.jpg?X-Amz-Signature=0123456789abcdef&X-Amz-Security-Token=hidden',
  headers: [['authorization', 'AWS4-HMAC-SHA256 Credential=hidden']],
  body: Readable.from([]),
  signal: new AbortController().signal,
  mount: '',
  peer: { address: '192.0.2.7', encrypted: false },
  acceptBody: () => undefined,
}
const handler: HttpHandler = () => Promise.resolve({ status: 206, headers: [['x-amz-request-id', 'ABC']], body: null })

async function linesAt(level: LogLevel): Promise<readonly string[]> {
  const lines: string[] = []
  const log = serverLog({ write: (text) => void lines.push(text) }, level)
  expect((await withRequestLog(handler, log)(REQUEST)).status).toBe(206)
  return lines
}

test('a line for each request, without query and headers', async () => {
  const [line = '', ...others] = await linesAt('info')
  expect(others).toEqual([])
  expect(JSON.parse(line)).toMatchObject({
    method: 'GET',
    path: '/photos/cat%20.jpg',
    status: 206,
    requestId: 'ABC',
    peer: '192.0.2.7',
    ms: expect.any(Number),
  })
  expect(line).not.toMatch(/hidden|0123456789abcdef|Credential/)
})

test.each(['warn', 'silent'] as const)('nothing at %s', async (level) => {
  expect(await linesAt(level)).toEqual([])
})
