import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Answer, RequestOptions } from './client.ts'
import { BUCKET, openDoor } from './door.ts'
import type { Door } from './door.ts'

let door: Door

beforeAll(async () => {
  door = await openDoor({ limits: { partSizeMin: 1 } })
})
afterAll(() => door.close())
afterEach(() => {
  expect(door.faults).toEqual([])
})

type Headers = NonNullable<RequestOptions['headers']>
const send = (method: string, key: string, headers: Headers = [], body = ''): Promise<Answer> =>
  door.ann.send(method, `/${BUCKET}/${key}`, { headers, body })

/** The ETag of `old`, which lies under `k` before each test; nothing lies under `absent`. */
const OLD = '"149603e6c03516362a8da23f624db945"'
const BARE = OLD.replaceAll('"', '')
const PAST = 'Sat, 01 Jan 2000 00:00:00 GMT'
const FUTURE = 'Fri, 01 Jan 2100 00:00:00 GMT'

beforeEach(async () => {
  expect((await send('PUT', 'k', [], 'old')).header('etag')).toBe(OLD)
  await send('DELETE', 'absent')
})

interface Row {
  readonly headers: Headers
  readonly read: number
  readonly write: number
}
const row = (name: string, value: string, read: number, write: number): Row => ({ headers: [[name, value]], read, write })

/** What each condition makes of a read and of a write of `k`. RFC 9110 §13.1 and §13.2.2. */
const ROWS: readonly Row[] = [
  row('if-match', OLD, 200, 200),
  row('if-match', BARE, 200, 200),
  row('if-match', '*', 200, 200),
  row('if-match', `"x", ${OLD}`, 200, 200),
  row('if-match', `,"x",, ${OLD} ,`, 200, 200),
  row('if-match', '"x"', 412, 412),
  row('if-match', `W/${OLD}`, 412, 412),
  row('if-match', `"${BARE.toUpperCase()}"`, 412, 412),
  row('if-match', '', 400, 400),
  row('if-match', `"x" ${OLD}`, 400, 400),
  row('if-match', '"unfinished', 400, 400),
  row('if-none-match', OLD, 304, 412),
  row('if-none-match', BARE, 304, 412),
  row('if-none-match', `W/${OLD}`, 304, 412),
  row('if-none-match', '*', 304, 412),
  row('if-none-match', `"x", ${OLD}`, 304, 412),
  row('if-none-match', '"x"', 200, 200),
  row('if-none-match', `"x", *`, 400, 400),
  row('if-unmodified-since', FUTURE, 200, 200),
  row('if-unmodified-since', PAST, 412, 412),
  row('if-unmodified-since', 'yesterday', 200, 200),
  row('if-modified-since', PAST, 200, 200),
  row('if-modified-since', FUTURE, 304, 412),
  row('if-modified-since', 'tomorrow', 200, 200),
  {
    headers: [
      ['if-match', OLD],
      ['if-unmodified-since', PAST],
    ],
    read: 200,
    write: 200,
  },
  {
    headers: [
      ['if-none-match', '"x"'],
      ['if-modified-since', FUTURE],
    ],
    read: 200,
    write: 200,
  },
  {
    headers: [
      ['if-match', OLD],
      ['if-none-match', OLD],
    ],
    read: 304,
    write: 412,
  },
]
const named = ROWS.map((each) => [each.headers.map((header) => header.join(': ')).join('; '), each] as const)

describe('conditions', () => {
  test.each(named)('on GET and HEAD: %s', async (_, { headers, read }) => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await send(method, 'k', headers)
      expect([method, answer.status]).toEqual([method, read])
      if (read === 304) expect([answer.header('etag'), answer.header('last-modified')]).toEqual([OLD, expect.stringContaining('GMT')])
      if (read !== 200 || method === 'HEAD') expect(answer.body.length === 0).toBe(method === 'HEAD' || read === 304)
      if (read === 412 && method === 'GET')
        expect([answer.one('Code'), answer.one('Condition')?.toLowerCase()]).toEqual(['PreconditionFailed', headers[0]?.[0]])
    }
  })

  test.each(named)('on PUT: %s', async (_, { headers, write }) => {
    expect((await send('PUT', 'k', headers, 'new')).status).toBe(write)
    expect((await send('GET', 'k')).text).toBe(write === 200 ? 'new' : 'old')
  })

  test.each(named)('on DELETE: %s', async (_, { headers, write }) => {
    expect((await send('DELETE', 'k', headers)).status).toBe(write === 200 ? 204 : write)
    expect((await send('GET', 'k')).status).toBe(write === 200 ? 404 : 200)
  })

  test.each(named)('on the target of a copy: %s', async (_, { headers, write }) => {
    await send('PUT', 'source', [], 'new')
    expect((await send('PUT', 'k', [['x-amz-copy-source', `${BUCKET}/source`], ...headers])).status).toBe(write)
    expect((await send('GET', 'k')).text).toBe(write === 200 ? 'new' : 'old')
  })

  test.each(named)('on the source of a copy, where nothing is "not modified": %s', async (_, { headers, write }) => {
    const prefixed = headers.map(([name, value]) => [`x-amz-copy-source-${name}`, value] as const)
    expect((await send('PUT', 'absent', [['x-amz-copy-source', `${BUCKET}/k`], ...prefixed])).status).toBe(write)
    expect((await send('HEAD', 'absent')).status).toBe(write === 200 ? 200 : 404)
  })

  test.each(named)('on Complete: %s', async (_, { headers, write }) => {
    const uploadId = (await send('POST', 'k?uploads')).one('UploadId') ?? ''
    const part = await send('PUT', `k?partNumber=1&uploadId=${uploadId}`, [], 'new')
    const list = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.header('etag')}</ETag></Part></CompleteMultipartUpload>`
    expect((await send('POST', `k?uploadId=${uploadId}`, headers, list)).status).toBe(write)
    expect((await send('GET', 'k')).text).toBe(write === 200 ? 'new' : 'old')
    // What was refused can be tried again without the condition.
    if (write !== 200) expect((await send('POST', `k?uploadId=${uploadId}`, [], list)).status).toBe(200)
  })
})

describe('on a key that holds nothing', () => {
  test('If-Match is 404, If-None-Match holds', async () => {
    expect((await send('PUT', 'absent', [['if-match', OLD]], 'x')).outcome).toBe('404 NoSuchKey')
    expect((await send('PUT', 'absent', [['if-match', '*']], 'x')).outcome).toBe('404 NoSuchKey')
    expect((await send('HEAD', 'absent')).status).toBe(404)
    expect((await send('GET', 'absent', [['if-none-match', '*']])).outcome).toBe('404 NoSuchKey')
    expect((await send('PUT', 'absent', [['if-none-match', '*']], 'x')).outcome).toBe('200')
    expect((await send('PUT', 'absent', [['if-none-match', '*']], 'y')).outcome).toBe('412 PreconditionFailed')
    expect((await send('GET', 'absent')).text).toBe('x')
  })

  test.each([20, 60_000])('of many that write only if nothing is there, one wins (%i bytes)', async (size) => {
    for (let round = 0; round < 5; round++) {
      await send('DELETE', 'race')
      const bodies = Array.from({ length: 8 }, (_, index) => String(index).repeat(size))
      const answers = await Promise.all(bodies.map((body) => send('PUT', 'race', [['if-none-match', '*']], body)))
      const outcomes = answers.map(({ outcome }) => outcome)
      expect(outcomes.filter((outcome) => outcome === '200')).toHaveLength(1)
      expect(outcomes.filter((outcome) => outcome === '412 PreconditionFailed')).toHaveLength(7)
      expect((await send('GET', 'race')).text).toBe(bodies[outcomes.indexOf('200')])
    }
  })

  test('a counter that is raised on the condition of its ETag loses no step', async () => {
    await send('PUT', 'counter', [], '0')
    const raise = async (): Promise<void> => {
      for (;;) {
        const now = await send('GET', 'counter')
        const written = await send('PUT', 'counter', [['if-match', now.header('etag') ?? '']], String(Number(now.text) + 1))
        if (written.status === 200) return
        expect(written.outcome).toMatch(/^(412 PreconditionFailed|409 ConditionalRequestConflict)$/)
      }
    }
    await Promise.all(Array.from({ length: 12 }, raise))
    expect((await send('GET', 'counter')).text).toBe('12')
  })
})
