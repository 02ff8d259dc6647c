import { Buffer } from 'node:buffer'
import { connect } from 'node:net'
import { accountCaller } from '@stowage/core'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RequestOptions } from '../client.ts'
import { openDoor } from '../door.ts'
import type { Door } from '../door.ts'
import { chunkedBody } from '../signer.ts'
import { composeHostile, hostileRequest } from './hostile-request.ts'
import type { Scene } from './hostile-request.ts'
import { mutate, mutations } from './mutate.ts'
import { runs, SEED_HINT, TIMEOUT_MS } from './settings.ts'

/** As many at a time; each has a bucket of its own, so that what one of them writes can be told from the rest. */
const LANES = 8
/** By then every request is answered or its connection closed, on a machine that is busy too. The server's own limits are far below. */
const DEADLINE_MS = 20_000

let door: Door
const rejections: unknown[] = []
const onRejection = (reason: unknown): void => void rejections.push(reason)

beforeAll(async () => {
  process.on('unhandledRejection', onRejection)
  process.on('uncaughtException', onRejection)
  door = await openDoor({
    server: { headersTimeout: 1_000, keepAliveTimeout: 300, connectionsCheckingInterval: 50 },
    http: { bodyIdleMilliseconds: 300, lingerMilliseconds: 20 },
  })
})
afterAll(async () => {
  await door.close()
  process.off('unhandledRejection', onRejection)
  process.off('uncaughtException', onRejection)
})

const ann = accountCaller('ann')

/** A bucket with an object and an upload in it, whatever was done to them before. */
async function sceneOf(lane: number): Promise<Scene> {
  const session = door.engine.as(ann)
  const bucket = { name: `lane-${lane}` }
  await session.createBucket({ bucket }).catch(() => undefined)
  await session
    .putObject({ bucket, key: 'kept', body: Buffer.from('what was there before, and is a blob'), conditions: { ifNoneMatch: '*' } })
    .catch(() => undefined)
  const { uploads } = await session.listUploads({ bucket, limit: 1 })
  const upload = uploads[0] ?? (await session.createUpload({ bucket, key: 'new key' }))
  return { bucket: bucket.name, uploadId: upload.uploadId }
}

/** All that a client could see in a bucket. */
async function seenIn({ bucket: name, uploadId }: Scene): Promise<string> {
  const session = door.engine.as(ann)
  const bucket = { name }
  const objects = await session.listObjects({ bucket })
  const uploads = await session.listUploads({ bucket })
  const parts = uploads.uploads.some((upload) => upload.uploadId === uploadId)
    ? await session.listParts({ bucket, key: 'new key', uploadId }).catch(() => null)
    : null
  return JSON.stringify([objects.objects, uploads.uploads, parts?.parts])
}

/** Sends bytes and gives back all that comes until the server closes. Fails where it has not by the deadline. */
function exchange(bytes: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(door.port, '127.0.0.1')
    let received = ''
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error(`neither answered nor closed: ${JSON.stringify(received.slice(0, 500))}`))
    }, DEADLINE_MS)
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
    // A reset is a close, too.
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(received)
    })
    socket.write(bytes)
  })
}

function statusesOf(received: string): number[] {
  return [...received.matchAll(/HTTP\/1\.1 ([0-9]{3}) /g)].map((match) => Number(match[1])).filter((status) => status !== 100)
}

const isAllowed = (status: number): boolean => status < 500 || status === 501 || status === 503

interface Seen {
  readonly sent: string
  readonly statuses: readonly number[]
  /** Without a 2xx among the answers nothing may have changed. */
  readonly silentlyChanged: boolean
  /** Of the next request on a connection of its own. */
  readonly next: number
}

async function tryOut(scene: Scene, bytes: Uint8Array): Promise<Seen> {
  const before = await seenIn(scene)
  const statuses = statusesOf(await exchange(bytes))
  const written = statuses.some((status) => status >= 200 && status < 300)
  const silentlyChanged = !written && (await seenIn(scene)) !== before
  const next = await nextStatus()
  return { sent: Buffer.from(bytes).toString('latin1'), statuses, silentlyChanged, next }
}

/** Of a request on a fresh connection. A process that stood still for longer than its limit has cut it off: then of another one. */
async function nextStatus(): Promise<number> {
  const { status } = await door.ann.send('GET', '/')
  return status === 408 ? (await door.ann.send('GET', '/')).status : status
}

const isFine = ({ next, silentlyChanged, statuses }: Seen): boolean => statuses.every(isAllowed) && !silentlyChanged && next === 200

async function expectSound(): Promise<void> {
  expect([rejections, door.faults]).toEqual([[], []])
  // A collector takes a batch at a time.
  let { findings, checked } = await door.settle()
  for (let left = Infinity; checked.blobs < left && checked.blobs > checked.references; { findings, checked } = await door.settle()) {
    left = checked.blobs
  }
  // Copies share theirs.
  expect([findings, checked.blobs <= checked.references]).toEqual([[], true])
}

describe(`requests (${SEED_HINT})`, { timeout: TIMEOUT_MS }, () => {
  test('are answered or cut off; none is a fault of ours, none writes unless it says so, and the next one is served', async () => {
    const counts = new Map<number, number>()
    await fc.assert(
      fc.asyncProperty(fc.array(hostileRequest, { minLength: LANES, maxLength: LANES }), async (requests) => {
        const outcomes = await Promise.all(
          requests.map(async (request, lane) => {
            const scene = await sceneOf(lane)
            const client = request.anonymous ? door.anonymous : door.ann
            return tryOut(scene, composeHostile(request, client, scene))
          }),
        )
        for (const status of outcomes.flatMap(({ statuses }) => statuses)) counts.set(status, (counts.get(status) ?? 0) + 1)
        expect(outcomes.filter((outcome) => !isFine(outcome))).toEqual([])
        expect([rejections, door.faults]).toEqual([[], []])
      }),
      // A failure is shown as it came: to make eight requests smaller takes minutes.
      { ...runs(40), endOnFailure: true },
    )
    // They got past the signature, and past the router.
    for (const status of [200, 400, 403, 404, 501]) expect([status, (counts.get(status) ?? 0) > 0]).toEqual([status, true])
    await expectSound()
  })

  test.each(['hash', 'signed-chunks', 'signed-trailer'] as const)(
    'whose body was changed on its way are refused, or say what was signed (%s)',
    async (payload) => {
      const scene = await sceneOf(0)
      let refused = 0
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ minLength: 17, maxLength: 300 }), mutations(['\r\n', '0', 'f'], 1), async (bytes, changes) => {
          const { head, body } = door.ann.compose('PUT', `/${scene.bucket}/changed`, optionsOf(payload, bytes))
          const statuses = statusesOf(await exchange(Buffer.concat([head, mutate(body, changes)])))
          const got = await door.ann.send('GET', `/${scene.bucket}/changed`)
          if (statuses[0] !== 200) refused += 1
          // Some changes change nothing: a digit of a size in upper case, or what comes behind all that was announced.
          expect(statuses[0] === 200 ? got.body : got.status).toEqual(statuses[0] === 200 ? Buffer.from(bytes) : 404)
          await door.ann.send('DELETE', `/${scene.bucket}/changed`)
        }),
        runs(40),
      )
      expect(refused).toBeGreaterThan(10)
      await expectSound()
    },
  )
})

function optionsOf(payload: 'hash' | 'signed-chunks' | 'signed-trailer', bytes: Uint8Array): RequestOptions {
  const unsigned: RequestOptions['unsigned'] = [['connection', 'close']]
  if (payload === 'hash') return { body: bytes, unsigned }
  return {
    unsigned,
    payload: payload === 'signed-chunks' ? 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' : 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    headers: [['x-amz-decoded-content-length', String(bytes.length)]],
    makeBody: (seed) => chunkedBody(bytes, { seed, ...(payload === 'signed-chunks' ? {} : { trailers: [] }) }),
  }
}
