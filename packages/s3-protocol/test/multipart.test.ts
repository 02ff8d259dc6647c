import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Answer } from './client.ts'
import { BUCKET, openDoor } from './door.ts'
import type { Door } from './door.ts'
import { FIRST, hex, LIST, listOf, md5, multipartClient, SECOND } from './multipart-client.ts'

let door: Door

/** Parts of at least five bytes, so that small ones can be seen to be small. */
beforeAll(async () => {
  door = await openDoor({ limits: { partSizeMin: 5 } })
})
afterAll(() => door.close())
afterEach(() => {
  expect(door.faults).toEqual([])
})

const { begin, complete, part, send, uploaded } = multipartClient(() => door)

describe('Complete', () => {
  const ETAG = `"${createHash('md5')
    .update(Buffer.concat([md5(FIRST), md5(SECOND)]))
    .digest('hex')}-2"`

  test.each([
    ['bare', (etag: string) => etag],
    ['quoted', (etag: string) => `"${etag}"`],
    ['&quot;', (etag: string) => `&quot;${etag}&quot;`],
    ['&#34;', (etag: string) => `&#34;${etag}&#34;`],
    ['&#x22; and blanks', (etag: string) => `\n  &#x22;${etag}&#x22;\n`],
    ['CDATA', (etag: string) => `<![CDATA["${etag}"]]>`],
  ])('takes ETags %s', async (_, spell) => {
    const uploadId = await uploaded('spelt')
    const done = await complete(
      'spelt',
      uploadId,
      listOf([
        [1, spell(hex(FIRST))],
        [2, spell(hex(SECOND))],
      ]),
    )
    expect([done.outcome, done.one('ETag'), done.one('Bucket'), done.one('Key')]).toEqual(['200', ETAG, BUCKET, 'spelt'])
    expect(done.one('Location')).toBe(`http://127.0.0.1:${door.port}/${BUCKET}/spelt`)
    const got = await send('GET', 'spelt')
    expect([got.text, got.header('etag')]).toEqual([FIRST + SECOND, ETAG])
  })

  test('again gives the same answer; with another list, or another id, it is no upload', async () => {
    const uploadId = await uploaded('twice')
    const first = await complete('twice', uploadId, LIST)
    const second = await complete('twice', uploadId, LIST)
    expect([second.outcome, second.one('ETag')]).toEqual(['200', first.one('ETag')])
    expect((await complete('twice', uploadId, listOf([[1, hex(FIRST)]]))).outcome).toBe('404 NoSuchUpload')
    for (const id of ['unknown', '', `${uploadId}x`, '%00', '..'])
      expect((await complete('twice', id, LIST)).status, id).toBeGreaterThanOrEqual(400)
    expect((await complete('twice', 'unknown', LIST)).outcome).toBe('404 NoSuchUpload')
    expect((await complete('other-key', uploadId, LIST)).outcome).toBe('404 NoSuchUpload')
    expect((await part('twice', uploadId, 3, FIRST)).outcome).toBe('404 NoSuchUpload')
    expect((await send('GET', `twice?uploadId=${uploadId}`)).outcome).toBe('404 NoSuchUpload')
  })

  test('sixteen times at once is one object', async () => {
    const uploadId = await uploaded('at-once')
    const answers = await Promise.all(Array.from({ length: 16 }, () => complete('at-once', uploadId, LIST)))
    expect(new Set(answers.map((answer) => `${answer.outcome} ${answer.one('ETag')}`))).toEqual(new Set([`200 ${ETAG}`]))
  })

  test.each<[string, string, string]>([
    ['no body', '', '400 MalformedXML'],
    ['no parts', listOf([]), '400 MalformedXML'],
    ['another document', '<Delete/>', '400 MalformedXML'],
    ['a part without a number', '<CompleteMultipartUpload><Part><ETag>x</ETag></Part></CompleteMultipartUpload>', '400 MalformedXML'],
    [
      'a part without an ETag',
      '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>',
      '400 MalformedXML',
    ],
    [
      'parts out of order',
      listOf([
        [2, hex(SECOND)],
        [1, hex(FIRST)],
      ]),
      '400 InvalidPartOrder',
    ],
    [
      'a part twice',
      listOf([
        [1, hex(FIRST)],
        [1, hex(FIRST)],
      ]),
      '400 InvalidPartOrder',
    ],
    [
      'a part that was not sent',
      listOf([
        [1, hex(FIRST)],
        [3, hex(SECOND)],
      ]),
      '400 InvalidPart',
    ],
    [
      'another ETag',
      listOf([
        [1, hex(SECOND)],
        [2, hex(SECOND)],
      ]),
      '400 InvalidPart',
    ],
    ['part nought', listOf([[0, hex(FIRST)]]), '400 InvalidPart'],
    ['a part number beyond all', listOf([['9999999999', hex(FIRST)]]), '400 InvalidPart'],
    ['a part number that is none', listOf([['1e3', hex(FIRST)]]), '400 MalformedXML'],
    [
      'a wrong checksum of a part',
      listOf([
        [1, hex(FIRST), '<ChecksumCRC32>AAAAAA==</ChecksumCRC32>'],
        [2, hex(SECOND)],
      ]),
      '400 InvalidPart',
    ],
    [
      'two checksums of a part',
      listOf([[1, hex(FIRST), '<ChecksumCRC32>AAAAAA==</ChecksumCRC32><ChecksumSHA1>AAAA</ChecksumSHA1>']]),
      '400 InvalidRequest',
    ],
    ['10,001 parts', listOf(Array.from({ length: 10_001 }, (_, index) => [index + 1, hex(FIRST)] as const)), '400 MalformedXML'],
  ])('refuses %s, and the upload goes on', async (_, list, outcome) => {
    const uploadId = await uploaded('refused')
    expect((await complete('refused', uploadId, list)).outcome).toBe(outcome)
    expect((await send('HEAD', 'refused')).status).toBe(404)
    expect((await complete('refused', uploadId, LIST)).outcome).toBe('200')
    await send('DELETE', 'refused')
  })

  test('refuses parts that are too small, but for the last', async () => {
    const uploadId = await begin('small')
    await part('small', uploadId, 1, 'tiny')
    await part('small', uploadId, 2, 'tiny')
    const refused = await complete(
      'small',
      uploadId,
      listOf([
        [1, hex('tiny')],
        [2, hex('tiny')],
      ]),
    )
    expect([refused.outcome, refused.one('PartNumber'), refused.one('ProposedSize'), refused.one('MinSizeAllowed')]).toEqual([
      '400 EntityTooSmall',
      '1',
      '4',
      '5',
    ])
    expect((await complete('small', uploadId, listOf([[2, hex('tiny')]]))).outcome).toBe('200')
    expect((await send('GET', 'small')).text).toBe('tiny')
  })

  test('of one empty part is an empty object', async () => {
    const uploadId = await begin('empty')
    await part('empty', uploadId, 1, '')
    expect((await complete('empty', uploadId, listOf([[1, hex('')]]))).outcome).toBe('200')
    expect((await send('HEAD', 'empty')).header('content-length')).toBe('0')
  })

  test('holds size and checksum of the whole against what was made', async () => {
    const uploadId = await uploaded('sized')
    expect((await complete('sized', uploadId, LIST, [['x-amz-mp-object-size', '1']])).status).toBe(400)
    expect((await complete('sized', uploadId, LIST, [['x-amz-mp-object-size', 'x']])).outcome).toBe('400 InvalidRequest')
    expect((await complete('sized', uploadId, LIST, [['x-amz-checksum-crc32', 'AAAAAA==']])).outcome).toBe('400 BadDigest')
    expect((await send('HEAD', 'sized')).status).toBe(404)
    expect((await complete('sized', uploadId, LIST, [['x-amz-mp-object-size', String((FIRST + SECOND).length)]])).outcome).toBe('200')
  })
})

describe('parts', () => {
  test.each([['0'], ['10001'], ['x'], ['-1'], ['1.5'], ['']])('have numbers from 1 to 10,000: %j', async (number) => {
    const uploadId = await begin('numbered')
    expect((await part('numbered', uploadId, number, FIRST)).outcome).toBe('400 InvalidArgument')
    expect((await part('numbered', uploadId, 10_000, FIRST)).outcome).toBe('200')
  })

  test('sent again replace the former ones', async () => {
    const uploadId = await uploaded('again')
    await part('again', uploadId, 1, SECOND)
    expect((await complete('again', uploadId, LIST)).outcome).toBe('400 InvalidPart')
    expect(
      (
        await complete(
          'again',
          uploadId,
          listOf([
            [1, hex(SECOND)],
            [2, hex(SECOND)],
          ]),
        )
      ).outcome,
    ).toBe('200')
    expect((await send('GET', 'again')).text).toBe(SECOND + SECOND)
    const { findings, checked } = await door.settle()
    expect([findings, checked.blobs]).toEqual([[], checked.references])
  })

  test('can be asked for by number', async () => {
    const uploadId = await uploaded('parted')
    await complete('parted', uploadId, LIST)
    for (const [number, body, range] of [
      [1, FIRST, `bytes 0-${FIRST.length - 1}/${FIRST.length + SECOND.length}`],
      [2, SECOND, `bytes ${FIRST.length}-${FIRST.length + SECOND.length - 1}/${FIRST.length + SECOND.length}`],
    ] as const) {
      const got = await send('GET', `parted?partNumber=${number}`)
      expect([got.status, got.text, got.header('content-range'), got.header('x-amz-mp-parts-count')]).toEqual([206, body, range, '2'])
      const head = await send('HEAD', `parted?partNumber=${number}`)
      expect([head.status, head.header('content-length'), head.header('x-amz-mp-parts-count')]).toEqual([206, String(body.length), '2'])
    }
    expect((await send('GET', 'parted?partNumber=3')).outcome).toBe('416 InvalidPartNumber')
    expect((await send('GET', 'parted')).header('x-amz-mp-parts-count')).toBeUndefined()
  })

  test('are listed in pages', async () => {
    const uploadId = await begin('paged')
    for (const number of [1, 2, 5, 7, 10_000]) await part('paged', uploadId, number, FIRST)
    const page = (more: string): Promise<Answer> => send('GET', `paged?${more}uploadId=${uploadId}`)
    const first = await page('max-parts=2&')
    expect([first.all('PartNumber'), first.one('IsTruncated'), first.one('NextPartNumberMarker'), first.one('MaxParts')]).toEqual([
      ['1', '2'],
      'true',
      '2',
      '2',
    ])
    expect([first.all('Size')[0], first.all('ETag')[0], first.one('StorageClass')]).toEqual([
      String(FIRST.length),
      `"${hex(FIRST)}"`,
      'STANDARD',
    ])
    expect(first.all('ID')).toEqual(['ann', 'ann'])
    const rest = await page('max-parts=1000&part-number-marker=2&')
    expect([rest.all('PartNumber'), rest.one('IsTruncated'), rest.one('PartNumberMarker')]).toEqual([['5', '7', '10000'], 'false', '2'])
    expect((await page('max-parts=0&')).all('PartNumber')).toEqual([])
    expect((await page('max-parts=x&')).outcome).toBe('400 InvalidArgument')
    expect((await page('part-number-marker=-1&')).outcome).toBe('400 InvalidArgument')
  })

  test('copied take exactly what was asked for', async () => {
    await send('PUT', 'source', [], '0123456789'.repeat(5))
    const uploadId = await begin('pieced')
    const copied = (number: number, range?: string): Promise<Answer> =>
      part('pieced', uploadId, number, '', [
        ['x-amz-copy-source', `${BUCKET}/source`],
        ...(range === undefined ? [] : [['x-amz-copy-source-range', range] as const]),
      ])
    const one = await copied(1, 'bytes=0-9')
    const two = await copied(2, 'bytes=45-49')
    const three = await copied(3)
    expect([one.outcome, one.one('ETag')]).toEqual(['200', `"${hex('0123456789')}"`])
    for (const range of ['0-2', 'bytes=0', 'bytes=0-2,3-5', 'bytes=-5', 'bytes=5-', 'bytes=5-4', 'bytes=hello-world', 'bytes=0-9 ']) {
      // A trailing blank is no part of a header's value.
      expect((await copied(4, range)).outcome, range).toBe(range.endsWith(' ') ? '200' : '400 InvalidArgument')
    }
    expect((await copied(4, 'bytes=40-50')).status).toBeGreaterThanOrEqual(400)
    const list = listOf([
      [1, one.one('ETag') ?? ''],
      [2, two.one('ETag') ?? ''],
      [3, three.one('ETag') ?? ''],
    ])
    expect((await complete('pieced', uploadId, list)).outcome).toBe('200')
    expect((await send('GET', 'pieced')).text).toBe(`012345678956789${'0123456789'.repeat(5)}`)
    const { findings } = await door.settle()
    expect(findings.filter((finding) => finding.severity !== 'note')).toEqual([])
  })
})

describe('uploads', () => {
  test('that are aborted are gone', async () => {
    const before = (await door.settle()).checked.blobs
    const uploadId = await uploaded('aborted')
    expect((await send('DELETE', `aborted?uploadId=${uploadId}`)).status).toBe(204)
    expect((await send('DELETE', `aborted?uploadId=${uploadId}`)).outcome).toBe('404 NoSuchUpload')
    expect((await complete('aborted', uploadId, LIST)).outcome).toBe('404 NoSuchUpload')
    const { findings, checked } = await door.settle()
    expect([findings.filter(({ severity }) => severity !== 'note'), checked.blobs]).toEqual([[], before])
  })

  test('are listed in order, with prefixes and markers', async () => {
    await door.ann.send('PUT', '/uploads')
    const keys = ['a/1', 'a/2', 'b', 'b', 'c/x/y', 'd\u0001']
    for (const key of keys) await door.ann.send('POST', `/uploads/${encodeURIComponent(key).replaceAll('%2F', '/')}?uploads`)
    const page = (query: string): Promise<Answer> => door.ann.send('GET', `/uploads?${query}`)
    const all = await page('encoding-type=url&uploads')
    expect(all.all('Key').map(decodeURIComponent)).toEqual(keys)
    expect([all.one('MaxUploads'), all.one('IsTruncated'), all.all('ID').length]).toEqual(['1000', 'false', 12])
    expect((await page('uploads')).text).toContain('<Key>d&#1;</Key>')
    const folded = await page('delimiter=%2F&encoding-type=url&uploads')
    expect([folded.all('Key'), folded.all('Prefix').slice(1)]).toEqual([
      ['b', 'b', 'd%01'],
      ['a/', 'c/'],
    ])
    const found: string[] = []
    for (let marker = '', pages = 0; pages < 20; pages++) {
      const next = await page(`encoding-type=url${marker}&max-uploads=1&uploads`)
      found.push(...next.all('Key').map(decodeURIComponent))
      if (next.one('IsTruncated') === 'false') break
      const key = next.one('NextKeyMarker')?.replaceAll('/', '%2F')
      marker = `&key-marker=${key}&upload-id-marker=${next.one('NextUploadIdMarker')}`
    }
    expect(found).toEqual(keys)
    expect((await page('max-uploads=x&uploads')).outcome).toBe('400 InvalidArgument')
    expect((await page('prefix=a%2F&uploads')).all('Key')).toEqual(['a/1', 'a/2'])
  })
})
