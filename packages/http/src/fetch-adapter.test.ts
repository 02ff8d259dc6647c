import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { readBody } from './body.ts'
import { toFetchHandler } from './fetch-adapter.ts'
import type { FetchAdapterOptions, FetchRequestInfo } from './fetch-adapter.ts'
import type { HttpHandler, HttpRequest, HttpResponse } from './message.ts'

const ANSWER: HttpResponse = { status: 200, headers: [], body: null }

/** What a handler sees of a Fetch request. */
async function seen(request: Request, info?: FetchRequestInfo, options?: FetchAdapterOptions): Promise<HttpRequest> {
  let found: HttpRequest | undefined
  const handler = toFetchHandler(async (asked) => {
    found = asked
    return ANSWER
  }, options)
  expect((await handler(request, info)).status).toBe(200)
  if (found === undefined) throw new Error('the handler was not called')
  return found
}

const answered = (answer: HttpResponse, method = 'GET', onFault?: (error: unknown) => void): Promise<Response> =>
  toFetchHandler(async () => answer, onFault === undefined ? {} : { onFault })(new Request('http://h/', { method }))

describe('a Request', () => {
  test('becomes a value', async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('in two '))
        controller.enqueue(new TextEncoder().encode('chunks'))
        controller.close()
      },
    })
    const request = new Request('https://s3.example.com:8443/b/a%20b//+?x=1&y', {
      method: 'PUT',
      body,
      duplex: 'half',
      headers: { 'X-A': '1' },
    })
    const asked = await seen(request)
    expect([asked.method, asked.target, asked.mount]).toEqual(['PUT', '/b/a%20b//+?x=1&y', ''])
    expect(asked.headers).toContainEqual(['x-a', '1'])
    expect(asked.headers).toContainEqual(['host', 's3.example.com:8443'])
    expect(asked.peer).toEqual({ address: null, encrypted: true })
    expect((await readBody(asked.body, { sizeMax: 100 })).toString()).toBe('in two chunks')
    asked.acceptBody()
  })

  test('without a body has an empty one, and keeps the Host that it has', async () => {
    const asked = await seen(new Request('http://h', { headers: { host: 'public' } }))
    expect([asked.target, asked.headers.filter(([name]) => name === 'host')]).toEqual(['/', [['host', 'public']]])
    expect((await readBody(asked.body, { sizeMax: 1 })).length).toBe(0)
  })

  test('gives its signal', async () => {
    const { signal } = await seen(new Request('http://h/', { signal: AbortSignal.abort() }))
    expect(signal.aborted).toBe(true)
  })

  test('whose target and peer the host knows', async () => {
    const peer = { address: '192.0.2.1', encrypted: false }
    const asked = await seen(new Request('http://h/b/a/../c'), { target: '/b/a/../c?', peer })
    expect([asked.target, asked.peer]).toEqual(['/b/a/../c?', peer])
  })

  test('to a mount, and beside it', async () => {
    const options = { mount: '/storage/v1/s3/' }
    const asked = await seen(new Request('http://h/storage/v1/s3/b/k?x#y'), undefined, options)
    expect([asked.target, asked.mount]).toEqual(['/storage/v1/s3/b/k?x', '/storage/v1/s3'])
    expect((await seen(new Request('http://h/storage/v1/s3?x'), undefined, options)).target).toBe('/storage/v1/s3?x')
    const handler = toFetchHandler(async () => ANSWER, options)
    for (const path of ['/', '/storage/v1', '/storage/v1/s3x']) expect((await handler(new Request(`http://h${path}`))).status).toBe(404)
    expect(() => toFetchHandler(async () => ANSWER, { mount: 'storage' })).toThrow('is no path to mount at')
  })

  test('whose body the host has read fails where it is read', async () => {
    const request = new Request('http://h/', { method: 'PUT', body: 'x' })
    await request.text()
    await expect(readBody((await seen(request)).body, { sizeMax: 1 })).rejects.toMatchObject({ code: 'BodyTaken' })
  })
})

describe('a Response', () => {
  test('of bytes, and of a stream', async () => {
    const bytes = await answered({ status: 206, headers: [['x-a', '1'], ['x-a', '2']], body: Buffer.from('abc') }) // prettier-ignore
    expect([bytes.status, bytes.headers.get('x-a'), await bytes.text()]).toEqual([206, '1, 2', 'abc'])
    const stream = await answered({ status: 200, headers: [], body: Readable.from([Buffer.from('a'), Buffer.from('b')]) })
    expect(await stream.text()).toBe('ab')
  })

  test('without a body, whatever the handler gave', async () => {
    const body = Readable.from([Buffer.from('a')])
    const head = await answered({ status: 200, headers: [['content-length', '1']], body }, 'HEAD')
    expect([head.body, head.headers.get('content-length'), body.destroyed]).toEqual([null, '1', true])
    for (const status of [204, 304]) expect((await answered({ status, headers: [], body: null })).status).toBe(status)
  })

  test('gives pooled chunks back, and keeps none of their memory', async () => {
    const given: Uint8Array[] = []
    const body = Readable.from([Buffer.from('one'), Buffer.from('two')])
    Object.assign(body, {
      releaseChunk: (chunk: Uint8Array) => {
        given.push(chunk)
        chunk.fill(0)
      },
    })
    const response = await answered({ status: 200, headers: [], body })
    expect([await response.text(), given.length]).toEqual(['onetwo', 2])
  })

  test('that nobody reads on is given up', async () => {
    const body = Readable.from([Buffer.from('one'), Buffer.from('two')])
    const response = await answered({ status: 200, headers: [], body })
    await response.body?.cancel()
    expect(body.destroyed).toBe(true)
  })

  test('that breaks does not end as if it were whole', async () => {
    const faults: unknown[] = []
    const body = new Readable({
      read() {
        this.push('x')
        this.destroy(new Error('the disk'))
      },
    })
    const response = await answered({ status: 200, headers: [], body }, 'GET', (error) => faults.push(error))
    await expect(response.text()).rejects.toThrow()
    expect(faults).toEqual([expect.objectContaining({ message: 'the disk' })])
  })

  test('of a handler that rejects is 500', async () => {
    const faults: unknown[] = []
    const handler: HttpHandler = () => Promise.reject(new Error('ours'))
    const response = await toFetchHandler(handler, { onFault: (error) => faults.push(error) })(new Request('http://h/'))
    expect([response.status, faults.length]).toEqual([500, 1])
  })
})
