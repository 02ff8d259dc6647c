import { Buffer } from 'node:buffer'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from './client.ts'
import { BUCKET, openDoor } from './door.ts'
import type { Door } from './door.ts'
import { chunkedBody, sha256 } from './signer.ts'

let door: Door
const rejections: unknown[] = []
const onRejection = (reason: unknown): void => void rejections.push(reason)

beforeAll(async () => {
  process.on('unhandledRejection', onRejection)
  process.on('uncaughtException', onRejection)
  door = await openDoor()
})
afterAll(async () => {
  await door.close()
  process.off('unhandledRejection', onRejection)
  process.off('uncaughtException', onRejection)
})
afterEach(() => {
  expect(rejections).toEqual([])
  expect(door.faults).toEqual([])
})

const BODY = Buffer.alloc(200_000, 'abcdefgh')

async function status(client: Client, key: string): Promise<number> {
  return (await client.send('HEAD', `/${BUCKET}/${key}`)).status
}

/** Sends the head and that much of the body, then does what the test says to the socket. */
async function breakOff(bytes: number, how: 'fin' | 'reset', chunked: boolean): Promise<void> {
  const { head, body } = chunked
    ? door.ann.compose('PUT', `/${BUCKET}/broken`, {
        payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
        headers: [['x-amz-decoded-content-length', String(BODY.length)]],
        makeBody: (seed) => chunkedBody(BODY, { seed, chunkSize: 65_536 }),
      })
    : door.ann.compose('PUT', `/${BUCKET}/broken`, { body: BODY })
  const all = Buffer.concat([head, body])
  const wire = door.ann.open()
  await new Promise<void>((resolve) => wire.socket.write(all.subarray(0, Math.min(head.length + bytes, all.length - 1)), () => resolve()))
  // The server has begun to read.
  await wait(5)
  if (how === 'fin') wire.socket.end()
  else wire.socket.resetAndDestroy()
  await wire.closed()
  wire.destroy()
}

describe('a client that goes away', () => {
  const POINTS = [-50, 0, 1, 65_535, 65_536, 65_537, 131_072, 199_999, 1e9]
  test.each([
    ['fin', false],
    ['reset', false],
    ['fin', true],
    ['reset', true],
  ] as const)('in the middle of its body (%s, framed: %s) has written nothing', async (how, chunked) => {
    for (const point of POINTS) await breakOff(point, how, chunked)
    expect(await status(door.ann, 'broken')).toBe(404)
    const { findings, checked } = await door.settle()
    expect([findings, checked.blobs]).toEqual([[], checked.references])
    expect((await door.ann.send('PUT', `/${BUCKET}/after`, { body: 'x' })).status).toBe(200)
  })

  test('in the middle of an answer costs nobody anything', async () => {
    expect((await door.ann.send('PUT', `/${BUCKET}/large`, { body: Buffer.alloc(4_000_000, 'z') })).status).toBe(200)
    for (let round = 0; round < 5; round++) {
      const { head } = door.ann.compose('GET', `/${BUCKET}/large`)
      const wire = door.ann.open()
      wire.write(head)
      await wire.sawContinue()
      wire.socket.resetAndDestroy()
    }
    const got = await door.ann.send('GET', `/${BUCKET}/large`)
    expect(got.body.length).toBe(4_000_000)
  })
})

describe('a body of another length than was said', () => {
  test('longer: the rest is no part of it', async () => {
    const { head, body } = door.ann.compose('PUT', `/${BUCKET}/long`, { body: 'abcdef', payload: sha256('abc'), contentLength: 3 })
    const wire = door.ann.open()
    wire.write(Buffer.concat([head, body]))
    // What follows is no request, and does not answer for the one that was whole.
    expect((await wire.answer('PUT')).status).toBe(200)
    await wire.closed()
    expect((await door.ann.send('GET', `/${BUCKET}/long`)).text).toBe('abc')
  })

  test.each([
    ['shorter than its frames', 10, 'IncompleteBody'],
    ['with something behind its frames', -10, 'InvalidRequest'],
  ])('framed, %s', async (_, less, code) => {
    const options = {
      payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      headers: [['x-amz-decoded-content-length', '300']] as const,
      makeBody: (): Buffer => {
        const body = chunkedBody(Buffer.alloc(300), { seed: null, trailers: [] })
        return less > 0 ? body.subarray(0, body.length - less) : Buffer.concat([body, Buffer.alloc(-less, 'x')])
      },
    }
    expect((await door.ann.send('PUT', `/${BUCKET}/framed`, options)).outcome).toBe(`400 ${code}`)
    expect(await status(door.ann, 'framed')).toBe(404)
  })

  test('no length at all', async () => {
    const answer = await door.ann.send('PUT', `/${BUCKET}/none`, { contentLength: null, payload: 'UNSIGNED-PAYLOAD' })
    expect(answer.outcome).toBe('411 MissingContentLength')
  })
})

describe('Expect: 100-continue', () => {
  const expecting = (body: Uint8Array): { headers: [string, string][]; body: Uint8Array } => ({
    headers: [['expect', '100-continue']],
    body,
  })

  test.each([
    ['small', 100],
    ['large', 200_000],
  ])('is answered when the request may write (%s)', async (_, size) => {
    const answer = await door.ann.send('PUT', `/${BUCKET}/continued`, expecting(Buffer.alloc(size)))
    expect([answer.status, answer.continued]).toEqual([200, true])
    const framed = await door.ann.send('PUT', `/${BUCKET}/continued`, {
      payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      headers: [
        ['expect', '100-continue'],
        ['x-amz-decoded-content-length', String(size)],
      ],
      makeBody: (seed) => chunkedBody(Buffer.alloc(size), { seed, chunkSize: 8192 }),
    })
    expect([framed.status, framed.continued]).toEqual([200, true])
    const document = await door.ann.send(
      'POST',
      `/${BUCKET}?delete`,
      expecting(Buffer.from('<Delete><Object><Key>x</Key></Object></Delete>')),
    )
    expect([document.status, document.continued]).toEqual([200, true])
  })

  test.each(['', '200-ok'])('another expectation (%j) is passed over', async (value) => {
    const answer = await door.ann.send('PUT', `/${BUCKET}/expected`, { headers: [['expect', value]], body: BODY })
    expect([answer.status, answer.continued]).toEqual([200, false])
  })

  test('and not when it may not', async () => {
    const outcomes = async (client: Client, method: string, target: string, more: readonly [string, string][] = []): Promise<unknown> => {
      const answer = await client.send(method, target, { headers: [['expect', '100-continue'], ...more], body: BODY })
      return [answer.outcome, answer.continued, answer.header('connection')]
    }
    const part = '?uploadId=unknown&partNumber=1'
    expect(await outcomes(door.bob, 'PUT', `/${BUCKET}/k`)).toEqual(['403 AccessDenied', false, 'close'])
    expect(await outcomes(door.anonymous, 'PUT', `/${BUCKET}/k`)).toEqual(['403 AccessDenied', false, 'close'])
    expect(await outcomes(door.ann, 'PUT', `/nowhere/k`)).toEqual(['404 NoSuchBucket', false, 'close'])
    expect(await outcomes(door.ann, 'PUT', `/${BUCKET}/k${part}`)).toEqual(['404 NoSuchUpload', false, 'close'])
    expect(await outcomes(door.ann, 'PUT', `/${BUCKET}/k`, [['content-md5', 'x']])).toEqual(['400 InvalidDigest', false, 'close'])
    expect(await outcomes(door.ann, 'PUT', `/${BUCKET}/k?tagging`)).toEqual(['501 NotImplemented', false, 'close'])
    expect(await outcomes(door.ann, 'PUT', `/${BUCKET}/k`, [['x-amz-grant-read', 'id=x']])).toEqual(['501 NotImplemented', false, 'close'])
    const forged = await door.ann.send('PUT', `/${BUCKET}/k`, {
      headers: [['expect', '100-continue']],
      body: BODY,
      date: new Date(Date.now() - 3_600_000),
    })
    expect([forged.outcome, forged.continued]).toEqual(['403 RequestTimeTooSkewed', false])
    expect(await status(door.ann, 'k')).toBe(404)
  })
})

describe('a connection', () => {
  test('answers in order what was sent in one go', async () => {
    const large = Buffer.alloc(300_000, 'L')
    for (const [key, body] of [
      ['p0', large],
      ['p1', 'one'],
      ['p2', 'two'],
    ] as const)
      await door.ann.send('PUT', `/${BUCKET}/${key}`, { body })
    const wire = door.ann.open()
    const requests = [
      ['GET', 'p0', '200'],
      ['GET', 'p1', '200'],
      ['GET', 'absent', '404 NoSuchKey'],
      ['HEAD', 'absent', '404'],
      ['PUT', 'p3', '200'],
      ['GET', 'p2', '200'],
      ['DELETE', 'p1', '204'],
      ['HEAD', 'p0', '200'],
    ] as const
    const bytes = requests.map(([method, key]) => door.ann.compose(method, `/${BUCKET}/${key}`, method === 'PUT' ? { body: large } : {}))
    wire.write(Buffer.concat(bytes.flatMap(({ head, body }) => [head, body])))
    const lengths: number[] = []
    for (const [method, key, outcome] of requests) {
      const answer = await wire.answer(method)
      expect([key, answer.outcome]).toEqual([key, outcome])
      if (method === 'GET' && answer.status === 200) lengths.push(answer.body.length)
    }
    expect(lengths).toEqual([300_000, 3, 3])
    wire.destroy()
  })

  test('survives errors with small bodies', async () => {
    const wire = door.ann.open()
    const send = async (method: string, target: string, options = {}): Promise<string> => {
      const { head, body } = door.ann.compose(method, target, options)
      wire.write(Buffer.concat([head, body]))
      return (await wire.answer(method)).outcome
    }
    expect(await send('PUT', `/nowhere/k`, { body: 'small' })).toBe('404 NoSuchBucket')
    expect(await send('PUT', `/${BUCKET}/k`, { body: 'small', payload: sha256('other') })).toBe('400 XAmzContentSHA256Mismatch')
    expect(await send('PUT', `/${BUCKET}/k?policy`, { body: 'small' })).toBe('501 NotImplemented')
    expect(await send('POST', `/${BUCKET}?delete`, { body: '<nonsense' })).toBe('400 MalformedXML')
    expect(await send('DELETE', `/${BUCKET}/k`, { body: 'what is this' })).toBe('204')
    expect(await send('GET', `/${BUCKET}/absent`, { body: 'what is this' })).toBe('404 NoSuchKey')
    expect(await send('PUT', `/${BUCKET}/survived`, { body: 'small' })).toBe('200')
    wire.destroy()
  })

  test('of a slow client blocks nobody', async () => {
    const slow = Array.from({ length: 20 }, () => {
      const { head } = door.ann.compose('PUT', `/${BUCKET}/slow`, { body: BODY })
      const wire = door.ann.open()
      wire.write(head)
      wire.write('one byte at a time')
      return wire
    })
    const halves = Array.from({ length: 20 }, () => {
      const wire = door.ann.open()
      wire.write('GET /half HTTP/1.1\r\nHos')
      return wire
    })
    for (let round = 0; round < 10; round++) expect((await door.ann.send('PUT', `/${BUCKET}/fast`, { body: 'x' })).status).toBe(200)
    for (const wire of [...slow, ...halves]) wire.destroy()
    expect(await status(door.ann, 'slow')).toBe(404)
  })
})

describe('what is not one request', () => {
  const KEY = 'smuggled'
  const inner = (): string => `DELETE /${BUCKET}/${KEY} HTTP/1.1\r\nHost: h\r\n\r\n`
  test.each<[string, string]>([
    ['Content-Length twice', 'Content-Length: 0\r\nContent-Length: 5\r\n'],
    ['Content-Length twice, the same', 'Content-Length: 5\r\nContent-Length: 5\r\n'],
    ['Content-Length and Transfer-Encoding', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'],
    ['Transfer-Encoding and Content-Length', 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n'],
    ['a list of lengths', 'Content-Length: 5, 5\r\n'],
    ['a signed length', 'Content-Length: +5\r\n'],
    ['a hexadecimal length', 'Content-Length: 0x5\r\n'],
    ['another transfer coding behind chunked', 'Transfer-Encoding: chunked, identity\r\n'],
    ['a blank before the colon', 'Content-Length : 5\r\n'],
    ['a folded line', 'X-Fold: a\r\n b\r\n'],
    ['a bare carriage return', 'X-Bare: a\rContent-Length: 5\r\n'],
    ['NUL in a value', 'X-Nul: a\0b\r\n'],
  ])('is refused: %s', async (_, lines) => {
    const wire = door.ann.open()
    wire.write(`PUT /${BUCKET}/${KEY} HTTP/1.1\r\nHost: h\r\n${lines}\r\n${inner()}`)
    const answer = await wire.answer('PUT')
    expect([400, 403]).toContain(answer.status)
    await wire.closed()
    expect(await status(door.ann, KEY)).toBe(404)
  })

  test('headers without end are cut off', async () => {
    const wire = door.ann.open()
    wire.write(`GET / HTTP/1.1\r\nHost: h\r\n${'X-Header: 0123456789\r\n'.repeat(5000)}`)
    expect((await wire.answer('GET')).status).toBe(431)
    await wire.closed()
  })

  test.each([
    ['the absolute form', `GET http://127.0.0.1/${BUCKET} HTTP/1.1\r\nHost: h\r\n\r\n`, '400 InvalidURI'],
    ['the asterisk form', 'OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n', '400 InvalidURI'],
    ['no bucket', 'GET //k HTTP/1.1\r\nHost: h\r\n\r\n', '400 InvalidURI'],
    ['a broken escape', `GET /${BUCKET}/%zz HTTP/1.1\r\nHost: h\r\n\r\n`, '400 InvalidURI'],
    ['bytes that are not UTF-8', `GET /${BUCKET}/%ff%fe HTTP/1.1\r\nHost: h\r\n\r\n`, '400 InvalidURI'],
    ['an overlong form', `GET /${BUCKET}/%c0%af HTTP/1.1\r\nHost: h\r\n\r\n`, '400 InvalidURI'],
    ['half a surrogate pair', `GET /${BUCKET}/%ed%a0%80 HTTP/1.1\r\nHost: h\r\n\r\n`, '400 InvalidURI'],
    ['a query name twice', `GET /${BUCKET}?prefix=a&prefix=b HTTP/1.1\r\nHost: h\r\n\r\n`, '400 InvalidArgument'],
  ])('is refused: %s', async (_, request, outcome) => {
    const wire = door.ann.open()
    wire.write(request)
    expect((await wire.answer('GET')).outcome).toBe(outcome)
    wire.destroy()
  })
})
