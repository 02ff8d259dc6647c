import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { accountCaller } from '@stowage/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, Client } from './client.ts'
import { ANN, BUCKET, openDoor } from './door.ts'
import type { Door } from './door.ts'
import { CONTENT_TYPE, formBody, signedFields } from './post-form.ts'
import type { Condition, Field, FormFile, SignOptions } from './post-form.ts'

let door: Door

beforeAll(async () => {
  door = await openDoor({
    rules: [{ effect: 'allow', who: 'anyone', actions: ['object.write'], bucket: 'open' }],
    limits: { inlineSizeMax: 1024, putSizeMax: 300_000 },
  })
  for (const name of ['open', 'other']) await door.engine.as(accountCaller('ann')).createBucket({ bucket: { name } })
})
afterAll(async () => {
  expect(door.faults).toEqual([])
  expect((await door.settle()).findings).toEqual([])
  await door.close()
})

interface Posted extends SignOptions {
  readonly to?: string
  readonly fields?: readonly Field[]
  readonly file?: FormFile | null
  readonly late?: readonly Field[]
  readonly headers?: readonly Field[]
  readonly client?: Client
  /** Null for a form that nobody signed. */
  readonly pair?: typeof ANN | null
}

const CAT = { content: 'a picture of a cat' }

async function post(posted: Posted = {}): Promise<Answer> {
  const { to = BUCKET, fields = [['key', 'cat.jpg']], file = CAT, late, headers = [], client = door.anonymous, pair = ANN } = posted
  const signing = pair === null ? [] : signedFields(pair, posted)
  const body = formBody([...fields, ...signing], file, late)
  return client.send('POST', `/${to}`, { headers: [CONTENT_TYPE, ...headers], body })
}

const md5 = (data: string | Uint8Array): string => createHash('md5').update(data).digest('hex')

async function keysIn(bucket: string): Promise<readonly string[]> {
  const { objects } = await door.engine.as(accountCaller('ann')).listObjects({ bucket: { name: bucket } })
  return objects.map(({ key }) => key)
}

async function empty(bucket: string): Promise<void> {
  const session = door.engine.as(accountCaller('ann'))
  for (const key of await keysIn(bucket)) await session.deleteObject({ bucket: { name: bucket }, key })
}

/** Code and message of a refusal, behind which nothing is there. */
async function refusal(posted: Posted): Promise<string> {
  await empty(posted.to ?? BUCKET)
  const answer = await post(posted)
  expect(await keysIn(posted.to ?? BUCKET)).toEqual([])
  return `${answer.outcome}: ${answer.one('Message')}`
}

const denied = (reason: string): string => `403 AccessDenied: Invalid according to Policy: ${reason}`

describe('a signed form', () => {
  test('stores its file, and answers 204 with ETag and Location', async () => {
    const answer = await post({ fields: [['key', 'a/cat 1.jpg']] })
    expect([answer.status, answer.text, answer.header('etag')]).toEqual([204, '', `"${md5(CAT.content)}"`])
    expect(answer.header('location')).toBe(`http://127.0.0.1:${door.port}/${BUCKET}/a%2Fcat%201.jpg`)
    const stored = await door.ann.send('GET', `/${BUCKET}/a/cat%201.jpg`)
    expect([stored.text, stored.header('content-type')]).toEqual([CAT.content, 'binary/octet-stream'])
    expect((await door.ann.send('GET', `/${BUCKET}/a%2Fcat%201.jpg`)).text).toBe(CAT.content)
  })

  test('of many chunks becomes a blob, byte by byte the file', async () => {
    const content = Buffer.alloc(250_000, '\r\n------WebKitFormBoundary7MA4YWxkTrZu0g!\r')
    expect((await post({ file: { content } })).status).toBe(204)
    expect((await door.ann.send('GET', `/${BUCKET}/cat.jpg`)).body.equals(content)).toBe(true)
  })

  test('above the largest put is refused while it is sent', async () => {
    expect(await refusal({ file: { content: Buffer.alloc(300_001) } })).toContain('400 EntityTooLarge')
  })

  test('without a Content-Length, and with 100-continue', async () => {
    const body = formBody([['key', 'chunked'], ...signedFields(ANN)], CAT)
    const chunked = Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')])
    const headers = [CONTENT_TYPE, ['transfer-encoding', 'chunked']] as const
    expect((await door.anonymous.send('POST', `/${BUCKET}`, { headers, body: chunked, contentLength: null })).status).toBe(204)
    const answer = await post({ headers: [['expect', '100-continue']] })
    expect([answer.status, answer.continued]).toEqual([204, true])
  })

  test('names its attributes in fields, in any case', async () => {
    const fields: readonly Field[] = [
      ['KEY', 'attributes'],
      ['Content-Type', 'image/jpeg'],
      ['Cache-Control', 'no-store'],
      ['content-disposition', 'attachment; filename="é.jpg"'],
      ['x-amz-meta-Owner', 'Ann é'],
      ['x-amz-storage-class', 'STANDARD_IA'],
      ['ACL', 'private'],
      ['x-ignore-this', 'whatever'],
      ['tagging', '<Tagging><TagSet><Tag><Key>colour</Key><Value>red</Value></Tag></TagSet></Tagging>'],
    ]
    const names = fields.map(([name]) => name).filter((name) => name !== 'x-ignore-this')
    const conditions = names.map((name) => ['starts-with', `$${name.toUpperCase()}`, ''])
    expect((await post({ fields, conditions })).outcome).toBe('204')
    const { info } = await door.engine.as(accountCaller('ann')).headObject({ bucket: { name: BUCKET }, key: 'attributes' })
    expect(info.headers).toMatchObject({ contentType: 'image/jpeg', cacheControl: 'no-store', storageClass: 'STANDARD_IA' })
    expect([{ ...info.userMetadata }, { ...info.tags }]).toEqual([{ owner: 'Ann é' }, { colour: 'red' }])
    const answer = await door.ann.send('GET', `/${BUCKET}/attributes`)
    expect(Buffer.from(answer.header('content-disposition') ?? '', 'latin1').toString()).toBe('attachment; filename="é.jpg"')
  })

  test.each([
    ['cat.jpg', 'up/cat.jpg'],
    ['C:\\Pictures\\my cat.jpg', 'up/my cat.jpg'],
    ['/pictures/ann/cat.jpg', 'up/cat.jpg'],
    ['../../etc/passwd', 'up/passwd'],
    ['кот.jpg', 'up/кот.jpg'],
    ['a%22b.jpg', 'up/a%22b.jpg'],
    ['${filename}', 'up/${filename}'],
    ['', 'up/'],
  ])('fills in the name of the file: %s', async (filename, key) => {
    await empty(BUCKET)
    const answer = await post({ fields: [['key', 'up/${filename}']], file: { ...CAT, filename } })
    expect([answer.outcome, await keysIn(BUCKET)]).toEqual(['204', [key]])
  })

  test('fills it in before the policy is asked', async () => {
    const fields: readonly Field[] = [['key', '${filename}']]
    const conditions = [['eq', '$key', 'cat.jpg']]
    expect((await post({ fields, conditions })).status).toBe(204)
    expect(await refusal({ fields, conditions, file: { ...CAT, filename: 'dog.jpg' } })).toBe(
      denied('Policy Condition failed: ["eq", "$key", "cat.jpg"]'),
    )
  })

  test('ignores what stands behind the file', async () => {
    await empty(BUCKET)
    const answer = await post({
      late: [
        ['key', 'elsewhere'],
        ['submit', 'Upload'],
      ],
    })
    expect([answer.status, await keysIn(BUCKET)]).toEqual([204, ['cat.jpg']])
    expect(await refusal({ fields: [], late: [['key', 'late']] })).toContain(
      "400 InvalidArgument: Bucket POST must contain a field named 'key'.",
    )
  })

  test('keeps its connection', async () => {
    const { head, body } = door.anonymous.compose('POST', `/${BUCKET}`, {
      headers: [CONTENT_TYPE],
      body: formBody([['key', 'twice'], ...signedFields(ANN)], CAT),
    })
    const wire = door.anonymous.open()
    for (let time = 0; time < 2; time += 1) {
      wire.write(Buffer.concat([head, body]))
      expect((await wire.answer('POST')).status).toBe(204)
    }
    wire.destroy()
  })
})

describe('what is answered', () => {
  const any = (name: string): Condition => ['starts-with', `$${name}`, '']
  const conditions = [any('key'), any('success_action_status'), any('success_action_redirect')]
  const posted = (status: string, redirect: string): Posted => ({
    fields: [
      ['key', 'a/ä b'],
      ['success_action_status', status],
      ['success_action_redirect', redirect],
    ],
    conditions,
  })
  const etag = `%22${md5(CAT.content)}%22`

  test.each([
    ['200', 200],
    ['204', 204],
    ['404', 204],
    ['', 204],
  ])('success_action_status %s: %i', async (status, expected) => {
    const answer = await post(posted(status, ''))
    expect([answer.status, answer.text, answer.header('etag')]).toEqual([expected, '', `"${md5(CAT.content)}"`])
  })

  test('201 with a PostResponse', async () => {
    const answer = await post(posted('201', ''))
    const location = `http://127.0.0.1:${door.port}/${BUCKET}/a%2F%C3%A4%20b`
    expect([answer.status, answer.header('location')]).toEqual([201, location])
    expect(['Location', 'Bucket', 'Key', 'ETag'].map((name) => answer.one(name))).toEqual([
      location,
      BUCKET,
      'a/ä b',
      `"${md5(CAT.content)}"`,
    ])
  })

  test.each([
    ['https://example.com/done', 'https://example.com/done?'],
    ['http://example.com/done?a=1', 'http://example.com/done?a=1&'],
    ['HTTP://example.com', 'HTTP://example.com?'],
    ['http://example.com/é b', 'http://example.com/%C3%A9%20b?'],
  ])('303 to %s', async (redirect, beginning) => {
    const answer = await post(posted('201', redirect))
    expect([answer.status, answer.header('location')]).toEqual([303, `${beginning}bucket=${BUCKET}&key=a%2F%C3%A4%20b&etag=${etag}`])
  })

  test.each([
    '/done',
    'example.com',
    'javascript:alert(1)',
    'ftp://example.com/',
    'http://',
    'http:///x',
    'http://e.com/\r\nset-cookie: a=b',
    '//e.com',
  ])('but nowhere to %j', async (redirect) => {
    const answer = await post(posted('201', redirect))
    expect([answer.status, answer.header('set-cookie')]).toEqual([201, undefined])
  })
})

describe('the policy', () => {
  const shown = (...condition: readonly unknown[]): string =>
    denied(`Policy Condition failed: [${condition.map((part) => JSON.stringify(part)).join(', ')}]`)

  test.each([
    ['eq', 'cat.jpg', '204'],
    ['eq', 'cat.jp', shown('eq', '$key', 'cat.jp')],
    ['eq', 'cat.jpgg', shown('eq', '$key', 'cat.jpgg')],
    ['eq', 'Cat.jpg', shown('eq', '$key', 'Cat.jpg')],
    ['StArTs-WiTh', 'cat', '204'],
    ['starts-with', 'cat.jpg', '204'],
    ['starts-with', 'cat.jpg1', shown('starts-with', '$key', 'cat.jpg1')],
    ['starts-with', 'Cat', shown('starts-with', '$key', 'Cat')],
    ['starts-with', '', '204'],
  ])('D17: ["%s", "$key", "%s"] on cat.jpg: %s', async (operator, value, expected) => {
    const conditions = [[operator, '$key', value]]
    if (expected === '204') expect((await post({ conditions })).outcome).toBe('204')
    else expect(await refusal({ conditions })).toBe(expected)
  })

  test.each([
    [4, 'EntityTooSmall'],
    [5, ''],
    [10, ''],
    [11, 'EntityTooLarge'],
  ])('D17, D19: content-length-range 5 to 10 on %i bytes: %s', async (size, code) => {
    const conditions = [
      ['starts-with', '$key', ''],
      ['content-length-range', 5, '10'],
    ]
    const file = { content: Buffer.alloc(size) }
    if (code === '') expect((await post({ conditions, file })).status).toBe(204)
    else expect(await refusal({ conditions, file })).toContain(`400 ${code}`)
  })

  test('D19: the range holds for a file that becomes a blob, and without a Content-Length', async () => {
    const conditions = [
      ['starts-with', '$key', ''],
      ['content-length-range', 0, 100_000],
    ]
    expect(await refusal({ conditions, file: { content: Buffer.alloc(100_001) } })).toContain('400 EntityTooLarge')
    expect((await post({ conditions, file: { content: Buffer.alloc(100_000) } })).status).toBe(204)
    await empty(BUCKET)
    const body = formBody([['key', 'k'], ...signedFields(ANN, { conditions })], { content: Buffer.alloc(100_001) })
    const chunked = Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')])
    const headers = [CONTENT_TYPE, ['transfer-encoding', 'chunked']] as const
    const answer = await door.anonymous.send('POST', `/${BUCKET}`, { headers, body: chunked, contentLength: null })
    expect([answer.outcome, answer.one('MaxSizeAllowed'), await keysIn(BUCKET)]).toEqual(['400 EntityTooLarge', '100000', []])
  })

  test('D16 (CVE-2023-43040): a field named bucket changes nothing about the bucket that was posted to', async () => {
    expect(
      await refusal({
        to: 'other',
        fields: [
          ['key', 'k'],
          ['bucket', BUCKET],
        ],
      }),
    ).toBe(shown('eq', '$bucket', BUCKET))
    expect(
      (
        await post({
          fields: [
            ['key', 'k'],
            ['bucket', 'other'],
          ],
        })
      ).status,
    ).toBe(204)
    expect(await keysIn('other')).toEqual([])
  })

  test('D18 (CVE-2021-21362): who may not put an object may not post it', async () => {
    const bob = { accessKeyId: 'BOBSKEY', secretAccessKey: 'the secret of Bob' }
    expect(await refusal({ pair: bob })).toBe('403 AccessDenied: Access Denied')
  })

  test('must name the bucket', async () => {
    const options = {
      complete: false,
      conditions: ['key', 'x-amz-algorithm', 'x-amz-credential', 'x-amz-date'].map((name) => ['starts-with', `$${name}`, '']),
    }
    expect(await refusal(options)).toBe(denied('Extra input fields: bucket'))
  })

  test.each(['Content-Type', 'x-amz-meta-a', 'acl', 'x-amz-checksum-crc32', 'success_action_status', 'submit', 'tagging'])(
    'must name every field: %s',
    async (name) => {
      expect(
        await refusal({
          fields: [
            ['key', 'k'],
            [name, 'v'],
          ],
        }),
      ).toBe(denied(`Extra input fields: ${name.toLowerCase()}`))
    },
  )

  test('fails where a field that it names did not come', async () => {
    const conditions = [
      ['starts-with', '$key', ''],
      ['starts-with', '$Content-Type', ''],
    ]
    expect(await refusal({ conditions })).toBe(shown('starts-with', '$Content-Type', ''))
    expect(await refusal({ conditions: [['eq', 'key', 'cat.jpg']] })).toBe(shown('eq', 'key', 'cat.jpg'))
  })

  test.each([
    ['image/jpeg,image/png', '204'],
    ['image/jpeg, image/png', '204'],
    ['image/jpeg,text/plain', '403 AccessDenied'],
  ])('takes a Content-Type for a list: %s', async (type, expected) => {
    const conditions = [
      ['starts-with', '$key', ''],
      ['starts-with', '$content-type', 'image/'],
    ]
    expect(
      (
        await post({
          fields: [
            ['key', 'k'],
            ['Content-Type', type],
          ],
          conditions,
        })
      ).outcome,
    ).toBe(expected)
  })

  test('expires', async () => {
    expect(await refusal({ expiration: new Date(Date.now() - 1000).toISOString() })).toBe(denied('Policy expired.'))
  })

  test('is held against a form that was signed long ago, up to a week', async () => {
    const expiration = new Date(Date.now() + 60_000).toISOString()
    expect((await post({ date: new Date(Date.now() - 6 * 86_400_000), expiration })).status).toBe(204)
    expect(await refusal({ date: new Date(Date.now() - 8 * 86_400_000), expiration })).toBe('403 AccessDenied: Request has expired')
    expect(await refusal({ date: new Date(Date.now() + 3_600_000) })).toBe('403 AccessDenied: Request is not yet valid')
  })
})
