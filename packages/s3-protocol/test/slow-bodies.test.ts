import { Buffer } from 'node:buffer'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RequestOptions } from './client.ts'
import { BUCKET, openDoor } from './door.ts'
import type { Door } from './door.ts'
import { chunkedBody } from './signer.ts'

let door: Door
let upload = ''

beforeAll(async () => {
  door = await openDoor({
    http: { bodyIdleMilliseconds: 150, bodyBytesPerSecondMin: 20_000, bodyWindowMilliseconds: 400, lingerMilliseconds: 50 },
  })
  const begun = await door.ann.send('POST', `/${BUCKET}/slow-upload?uploads`)
  upload = begun.one('UploadId') ?? ''
  await door.ann.send('PUT', `/${BUCKET}/kept`, { body: 'what was there before' })
})
afterAll(() => door.close())

const BODY = Buffer.alloc(100_000, 'abcdefgh')
const FRAMED: RequestOptions = {
  payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  headers: [['x-amz-decoded-content-length', String(BODY.length)]],
  makeBody: (seed) => chunkedBody(BODY, { seed, chunkSize: 8_192 }),
}
const DELETE = `<Delete>${'<Object><Key>kept</Key></Object>'.repeat(500)}</Delete>`

const requests: [string, string, () => string, RequestOptions][] = [
  ['a small object', 'PUT', () => `/${BUCKET}/slow`, { body: BODY.subarray(0, 2_000) }],
  ['an object', 'PUT', () => `/${BUCKET}/slow`, { body: BODY }],
  ['over another object', 'PUT', () => `/${BUCKET}/kept`, { body: BODY }],
  ['a framed object', 'PUT', () => `/${BUCKET}/slow`, FRAMED],
  ['a part', 'PUT', () => `/${BUCKET}/slow-upload?partNumber=1&uploadId=${upload}`, { body: BODY }],
  ['a document', 'POST', () => `/${BUCKET}?delete`, { body: DELETE }],
]

test.each(requests.flatMap((request) => [['stops', ...request] as const, ['trickles', ...request] as const]))(
  'who %s in the middle of %s gets RequestTimeout, and nothing is written',
  async (how, _, method, target, options) => {
    const { head, body } = door.ann.compose(method, target(), options)
    const wire = door.ann.open()
    wire.write(Buffer.concat([head, body.subarray(0, 1_000)]))
    const until = how === 'trickles' ? body.length : 0
    for (let at = 1_000; at < until && !wire.isClosed; at++) {
      wire.write(body.subarray(at, at + 1))
      await wait(20)
    }
    const answer = await wire.answer(method)
    expect([answer.outcome, answer.header('connection')]).toEqual(['400 RequestTimeout', 'close'])
    expect(answer.one('Message')).toBe('Your socket connection to the server was not read from or written to within the timeout period.')
    await wire.closed()
    wire.destroy()
    expect((await door.ann.send('HEAD', `/${BUCKET}/slow`)).status).toBe(404)
    expect((await door.ann.send('GET', `/${BUCKET}/kept`)).text).toBe('what was there before')
    expect((await door.ann.send('GET', `/${BUCKET}/slow-upload?uploadId=${upload}`)).all('PartNumber')).toEqual([])
    const { findings, checked } = await door.settle()
    expect([findings, checked.blobs, door.faults]).toEqual([[], checked.references, []])
  },
)
