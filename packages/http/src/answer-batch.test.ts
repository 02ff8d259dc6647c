import { once } from 'node:events'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { AnswerBatch } from './answer-batch.ts'

async function serve(answer: (response: ServerResponse, path: string) => void): Promise<string> {
  const server = createServer((message, response) => answer(response, message.url ?? ''))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('every answer of a batch arrives whole', async () => {
  const batch = new AnswerBatch(() => {})
  const waiting: { readonly response: ServerResponse; readonly path: string }[] = []
  const endpoint = await serve((response, path) => {
    waiting.push({ response, path })
    if (waiting.length < 10) return
    for (const { response, path } of waiting) batch.end(response.req, response.writeHead(200), path === '/0' ? null : `${path} \u00fc`)
  })
  const answers = await Promise.all(Array.from({ length: 10 }, async (_, index) => (await fetch(`${endpoint}/${index}`)).arrayBuffer()))
  const texts = answers.map((bytes) => Buffer.from(bytes).toString('latin1'))
  expect(texts).toEqual(['', ...Array.from({ length: 9 }, (_, index) => `/${index + 1} \u00fc`)])
})

test('an answer whose client goes away while it waits is dropped, and disturbs no other', async () => {
  const batch = new AnswerBatch(() => {})
  const goners: ServerResponse[] = []
  let arrived: () => void = () => undefined
  const waits = new Promise<void>((resolve) => (arrived = resolve))
  const endpoint = await serve((response, path) => {
    if (path === '/gone') {
      goners.push(response)
      arrived()
      return
    }
    for (const gone of goners) batch.end(gone.req, gone.writeHead(200), 'too late')
    batch.end(response.req, response.writeHead(200), 'here')
    for (const gone of goners) gone.destroy()
  })
  const dropped = fetch(`${endpoint}/gone`).then(
    () => 'answered',
    () => 'broken',
  )
  await waits
  expect(await (await fetch(`${endpoint}/here`)).text()).toBe('here')
  expect(await dropped).toBe('broken')
})

test('an answer does not wait for slow ones', async () => {
  const batch = new AnswerBatch(() => {})
  const arrived: ServerResponse[] = []
  const ended: boolean[] = []
  const endpoint = await serve((response) => {
    arrived.push(response)
    const [first, second] = arrived
    if (first === undefined || second === undefined) return
    batch.end(first.req, first.writeHead(200), 'answer')
    ended.push(first.writableEnded)
    const began = performance.now()
    while (performance.now() - began < 2);
    batch.end(second.req, second.writeHead(200), 'answer')
    ended.push(first.writableEnded)
  })
  const texts = await Promise.all([1, 2].map(async () => (await fetch(endpoint)).text()))
  expect(texts).toEqual(['answer', 'answer'])
  expect(ended).toEqual([false, true])
})
