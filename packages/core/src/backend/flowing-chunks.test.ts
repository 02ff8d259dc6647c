import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { canFlow, flowingChunks } from './flowing-chunks.ts'

/** Listeners that were left on a stream or a signal would pile up on what lives long. */
function listenersOf(stream: Readable): readonly (string | symbol)[] {
  return stream.eventNames().filter((name) => stream.listenerCount(name) > 0)
}

describe('flowingChunks', () => {
  test('gives every chunk, and leaves nothing behind', async () => {
    const stream = new PassThrough()
    const before = listenersOf(stream)
    const taken: string[] = []
    const reading = flowingChunks(stream, new AbortController().signal, (chunk) => void taken.push(Buffer.from(chunk).toString()))
    stream.write('a')
    setImmediate(() => stream.end('b'))
    await reading
    expect(taken.join('')).toBe('ab')
    expect(listenersOf(stream)).toEqual(before)
  })

  test('what take throws comes out, no more is taken, and the stream is destroyed', async () => {
    const stream = new PassThrough()
    const error = new Error('full')
    let count = 0
    const reading = flowingChunks(stream, undefined, () => {
      count += 1
      throw error
    })
    stream.write('a')
    stream.write('b')
    await expect(reading).rejects.toBe(error)
    if (!stream.closed) await new Promise((resolve) => stream.once('close', resolve))
    expect(count).toBe(1)
  })

  test('an error of the stream comes out, and so does an end that is none', async () => {
    const failing = new PassThrough()
    const error = new Error('the line is dead')
    const reading = flowingChunks(failing, undefined, () => {})
    failing.destroy(error)
    await expect(reading).rejects.toBe(error)
    const closing = new PassThrough()
    const waiting = flowingChunks(closing, undefined, () => {})
    closing.destroy()
    await expect(waiting).rejects.toThrow('closed before its end')
  })

  test('an abort is noticed while the stream is silent, and before it is read', async () => {
    const stream = new PassThrough()
    const controller = new AbortController()
    const reading = flowingChunks(stream, controller.signal, () => {})
    controller.abort(new Error('enough'))
    await expect(reading).rejects.toThrow('enough')
    const unread = Readable.from(['x'], { objectMode: false })
    await expect(flowingChunks(unread, AbortSignal.abort(new Error('too late')), () => {})).rejects.toThrow('too late')
  })

  test('a request that is given up in the middle can still be answered', async () => {
    const server = createServer((message, response) => {
      const reading = flowingChunks(message, undefined, () => {
        throw new Error('not that')
      })
      reading.catch((error: unknown) => response.writeHead(400, { connection: 'close' }).end(String(error)))
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const asked = request({ port: (server.address() as AddressInfo).port, method: 'PUT', headers: { 'content-length': 1_000 } })
    asked.on('error', () => {})
    asked.write('x')
    const [answer] = (await once(asked, 'response')) as [Readable & { statusCode: number }]
    expect(answer.statusCode).toBe(400)
    expect(Buffer.concat(await answer.toArray()).toString()).toBe('Error: not that')
    asked.destroy()
  })
})

test('canFlow: only a stream of which nobody has read', async () => {
  expect(canFlow(Readable.from(['x'], { objectMode: false }))).toBe(true)
  const begun = Readable.from(['x'], { objectMode: false }).pause()
  const gone = Readable.from(['x'], { objectMode: false }).destroy()
  const generator = (async function* () {
    yield Buffer.from('x')
  })()
  for (const source of [begun, gone, generator]) expect(canFlow(source)).toBe(false)
  await generator.next()
})
