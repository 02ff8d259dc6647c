import { Buffer } from 'node:buffer'
import { Readable } from 'node:stream'
import { accountCaller } from '@stowage/core'
import type { HttpHandler, HttpRequest } from '@stowage/http'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { s3Handler } from '../../src/index.ts'
import { ANN, BUCKET, openDoor } from '../door.ts'
import type { Door } from '../door.ts'
import { BOUNDARY, formBody, signedFields } from '../post-form.ts'
import type { Field } from '../post-form.ts'
import { mutate, mutations, split } from './mutate.ts'
import { runs, SEED_HINT, TIMEOUT_MS } from './settings.ts'

const FILE = { content: 'the bytes of the file' }
const INLINE_SIZE_MAX = 8

let door: Door
let handler: HttpHandler
const faults: unknown[] = []
const rejections: unknown[] = []
const onRejection = (reason: unknown): void => void rejections.push(reason)

beforeAll(async () => {
  process.on('unhandledRejection', onRejection)
  // Larger files become blobs, smaller ones do not.
  door = await openDoor({ limits: { inlineSizeMax: INLINE_SIZE_MAX } })
  handler = s3Handler({
    engine: door.engine,
    region: 'us-east-1',
    credentials: { find: (id) => (id === ANN.accessKeyId ? { id, version: '1', ...ANN, caller: accountCaller('ann') } : null) },
    observer: { event: (name, detail) => void faults.push({ name, ...detail }) },
  })
})
afterAll(async () => {
  await door.close()
  process.off('unhandledRejection', onRejection)
})

function request(chunks: readonly Uint8Array[]): HttpRequest {
  return {
    method: 'POST',
    target: `/${BUCKET}`,
    mount: '',
    headers: [
      ['host', 's3.test'],
      ['content-type', `multipart/form-data; boundary=${BOUNDARY}`],
    ],
    body: Readable.from(chunks.filter(({ length }) => length > 0).map((chunk) => Buffer.from(chunk))),
    signal: new AbortController().signal,
    peer: { address: '127.0.0.1', encrypted: false },
    acceptBody: () => {},
  }
}

/**
 * The content of the first part that says it is the file, found with everything at hand; null where there is none. A part's content begins
 * behind the empty line, which no boundary shares with it.
 */
function fileIn(body: Buffer): Buffer | null {
  const text = `\r\n${body.toString('latin1')}`
  const boundary = `\r\n--${BOUNDARY}`
  for (let at = text.indexOf(boundary); at >= 0;) {
    const head = at + boundary.length
    const blank = text.indexOf('\r\n\r\n', head)
    const end = blank < 0 ? -1 : text.indexOf(boundary, blank + 4)
    if (end < 0) return null
    if (/name="?file"?/i.test(text.slice(head, blank))) return Buffer.from(text.slice(blank + 4, end), 'latin1')
    at = end
  }
  return null
}

/** What is in the bucket; it is empty then. */
async function takeAll(): Promise<readonly Buffer[]> {
  const session = door.engine.as(accountCaller('ann'))
  const bucket = { name: BUCKET }
  const { objects } = await session.listObjects({ bucket })
  return Promise.all(
    objects.map(async ({ key }) => {
      const opened = await session.getObject({ bucket, key })
      const chunks: Buffer[] = []
      for await (const chunk of await opened.open()) chunks.push(Buffer.from(chunk as Uint8Array))
      await session.deleteObject({ bucket, key })
      return Buffer.concat(chunks)
    }),
  )
}

const WORDS = [
  `--${BOUNDARY}`,
  `\r\n--${BOUNDARY}\r\n`,
  `\r\n--${BOUNDARY}--\r\n`,
  '--',
  '\r\n',
  '\r',
  '\n',
  '\r\n\r\n',
  '\0',
  '"',
  ';',
  'Content-Disposition: form-data; name="file"\r\n\r\n',
  'Content-Disposition: form-data; name="key"; filename="../x"',
  'filename="${filename}"',
  "filename*=utf-8''%00",
  'Content-Transfer-Encoding: base64\r\n',
  '${filename}',
  'x-amz-meta-',
  'é',
  '\xff',
]

describe(`forms (${SEED_HINT})`, { timeout: TIMEOUT_MS }, () => {
  const conditions = ['$key', '$x-amz-meta-a', '$Content-Type'].map((name) => ['starts-with', name, ''])
  const fields: readonly Field[] = [
    ['key', 'up/${filename}'],
    ['Content-Type', 'text/plain'],
    ['x-amz-meta-a', 'b'],
    ['x-ignore-me', 'c'],
    ...signedFields(ANN, { conditions, bucket: BUCKET }),
  ]
  const whole = formBody(fields, FILE, [['submit', 'Upload']])

  test('of 10,000 that were tampered with none is a fault of ours, and none writes but the very bytes of its file', async () => {
    const statuses = new Map<number, number>()
    await fc.assert(
      fc.asyncProperty(mutations(WORDS), fc.array(fc.nat(2_000), { maxLength: 4 }), async (changes, cuts) => {
        const body = mutate(whole, changes)
        const { status } = await handler(request(split(body, cuts)))
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
        const written = await takeAll()
        expect(written).toEqual(status === 204 ? [fileIn(body)] : [])
        expect([204, 400, 403, 501]).toContain(status)
      }),
      runs(10_000),
    )
    expect([rejections, faults]).toEqual([[], []])
    // Both have been seen.
    expect([(statuses.get(204) ?? 0) > 100, (statuses.get(400) ?? 0) > 100, (statuses.get(403) ?? 0) > 100]).toEqual([true, true, true])
  })

  test('and nothing of them is left behind', async () => {
    let { findings, checked } = await door.settle()
    for (let left = Infinity; checked.blobs < left && checked.blobs > 0; { findings, checked } = await door.settle()) left = checked.blobs
    expect([findings, checked.blobs]).toEqual([[], 0])
  })
})
