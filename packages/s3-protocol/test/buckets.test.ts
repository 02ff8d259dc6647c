import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Answer } from './client.ts'
import { BUCKET, openDoor } from './door.ts'
import type { Door } from './door.ts'

let door: Door

beforeAll(async () => {
  door = await openDoor()
})
afterAll(() => door.close())
afterEach(() => {
  expect(door.faults).toEqual([])
})

describe('buckets', () => {
  test.each(['abc', 'a-b.c-d', '0ab', 'a'.repeat(63), 'under.score.less'])('may be called %s', async (name) => {
    const made = await door.ann.send('PUT', `/${name}`)
    expect([made.outcome, made.header('location')]).toEqual(['200', `/${name}`])
    expect((await door.ann.send('HEAD', `/${name}`)).header('x-amz-bucket-region')).toBe('us-east-1')
    expect((await door.ann.send('DELETE', `/${name}`)).status).toBe(204)
    expect((await door.ann.send('HEAD', `/${name}`)).status).toBe(404)
  })

  test.each([
    'ab',
    'a'.repeat(64),
    'under_score',
    'Upper',
    '192.168.1.1',
    'a..b',
    'a.-b',
    'a-.b',
    '-ab',
    'ab-',
    '.ab',
    'ab.',
    'xn--a',
    'a-s3alias',
    '%C3%BC%C3%BC%C3%BC',
    'a%2Fb',
    'a%00b',
    '%2E%2E%2E',
  ])('may not be called %s', async (name) => {
    expect((await door.ann.send('PUT', `/${name}`)).outcome).toBe('400 InvalidBucketName')
    expect((await door.ann.send('GET', `/${name}`)).status).toBe(404)
  })

  test('made again are left as they are in us-east-1, and refused elsewhere', async () => {
    await door.ann.send('PUT', `/${BUCKET}/kept`, { body: 'x' })
    const again = await door.ann.send('PUT', `/${BUCKET}`)
    expect([again.status, again.header('location')]).toEqual([200, `/${BUCKET}`])
    expect((await door.ann.send('GET', `/${BUCKET}`)).all('Key')).toEqual(['kept'])
    await door.ann.send('DELETE', `/${BUCKET}/kept`)
    const elsewhere = await openDoor({ region: 'eu-central-1' })
    try {
      expect((await elsewhere.ann.send('PUT', `/${BUCKET}`)).outcome).toBe('409 BucketAlreadyOwnedByYou')
    } finally {
      await elsewhere.close()
    }
  })

  test('are made once, and deleted when they are empty', async () => {
    expect((await door.bob.send('PUT', `/${BUCKET}`)).outcome).toBe('409 BucketAlreadyExists')
    await door.ann.send('PUT', `/${BUCKET}/k`, { body: 'x' })
    const refused = await door.ann.send('DELETE', `/${BUCKET}`)
    expect([refused.outcome, refused.one('BucketName')]).toEqual(['409 BucketNotEmpty', BUCKET])
    await door.ann.send('DELETE', `/${BUCKET}/k`)
    expect((await door.ann.send('DELETE', `/${BUCKET}`)).status).toBe(204)
    expect((await door.ann.send('DELETE', `/${BUCKET}`)).outcome).toBe('404 NoSuchBucket')
    expect((await door.ann.send('PUT', `/${BUCKET}`)).status).toBe(200)
    expect((await door.ann.send('GET', `/${BUCKET}`)).all('Key')).toEqual([])
  })

  test.each<[string, string]>([
    ['', '200'],
    ['<CreateBucketConfiguration/>', '200'],
    ['<CreateBucketConfiguration><LocationConstraint>us-east-1</LocationConstraint></CreateBucketConfiguration>', '200'],
    ['<CreateBucketConfiguration><LocationConstraint>auto</LocationConstraint></CreateBucketConfiguration>', '200'],
    [
      '<CreateBucketConfiguration><LocationConstraint>mars-1</LocationConstraint></CreateBucketConfiguration>',
      '400 IllegalLocationConstraintException',
    ],
    ['<CreateBucketConfiguration><Bucket><Type>Directory</Type></Bucket></CreateBucketConfiguration>', '501 NotImplemented'],
    ['<SomethingElse/>', '400 MalformedXML'],
  ])('are made where %s', async (body, outcome) => {
    expect((await door.ann.send('PUT', '/located', { body })).outcome).toBe(outcome)
    await door.ann.send('DELETE', '/located')
  })

  test('say where they are', async () => {
    expect((await door.ann.send('GET', `/${BUCKET}?location`)).text).toContain(
      '<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>',
    )
  })

  test('are listed in pages', async () => {
    for (const name of ['page-1', 'page-2', 'page-3', 'qage-1']) await door.ann.send('PUT', `/${name}`)
    const first = await door.ann.send('GET', '/?max-buckets=2&prefix=page-')
    expect([first.all('Name'), first.one('Prefix')]).toEqual([['page-1', 'page-2'], 'page-'])
    const token = first.one('ContinuationToken') ?? ''
    const rest = await door.ann.send('GET', `/?continuation-token=${token}&max-buckets=2&prefix=page-`)
    expect([rest.all('Name'), rest.one('ContinuationToken')]).toEqual([['page-3'], undefined])
    expect((await door.ann.send('GET', '/?continuation-token=x')).outcome).toBe('400 InvalidArgument')
    expect((await door.ann.send('GET', '/?max-buckets=0')).outcome).toBe('400 InvalidArgument')
  })
})

describe('DeleteObjects', () => {
  const remove = (objects: string): Promise<Answer> => door.ann.send('POST', `/${BUCKET}?delete`, { body: `<Delete>${objects}</Delete>` })
  const object = (key: string, more = ''): string => `<Object><Key>${key}</Key>${more}</Object>`
  const many = (count: number): string => Array.from({ length: count }, (_, index) => object(`k${index}`)).join('')

  test('takes 1,000 keys, whether they are there or not, and not one more', async () => {
    for (const key of ['k0', 'k999', 'k1000']) await door.ann.send('PUT', `/${BUCKET}/${key}`, { body: 'x' })
    expect((await remove(many(1001))).outcome).toBe('400 MalformedXML')
    expect((await remove('')).outcome).toBe('400 MalformedXML')
    expect((await door.ann.send('GET', `/${BUCKET}`)).all('Key')).toEqual(['k0', 'k1000', 'k999'])
    const done = await remove(many(1000))
    expect([done.outcome, done.all('Key').length, done.all('Error').length]).toEqual(['200', 1000, 0])
    expect((await door.ann.send('GET', `/${BUCKET}`)).all('Key')).toEqual(['k1000'])
  })

  test('says nothing of what went well where it shall be quiet', async () => {
    const quiet = await remove(`<Quiet>true</Quiet>${object('k1000')}${object('x'.repeat(1025))}`)
    expect([quiet.all('Deleted'), quiet.all('Code'), quiet.all('Key')]).toEqual([[], ['KeyTooLongError'], ['x'.repeat(1025)]])
    expect((await door.ann.send('HEAD', `/${BUCKET}/k1000`)).status).toBe(404)
  })

  test('gives each key its own answer', async () => {
    for (const key of ['one', 'two', 'three']) await door.ann.send('PUT', `/${BUCKET}/${key}`, { body: key })
    const done = await remove(
      [
        object('one'),
        object('two', '<ETag>"wrong"</ETag>'),
        object('three', '<VersionId>unknown</VersionId>'),
        object('one'),
        object('&amp;&#13;'),
      ].join(''),
    )
    expect(done.status).toBe(200)
    expect((await door.ann.send('HEAD', `/${BUCKET}/one`)).status).toBe(404)
    expect((await door.ann.send('HEAD', `/${BUCKET}/two`)).status).toBe(200)
    expect((await door.ann.send('HEAD', `/${BUCKET}/three`)).status).toBe(200)
    expect(done.all('Key')).toEqual(['one', 'two', 'three', 'one', '&\r'])
    expect(done.all('Code')).toContain('PreconditionFailed')
  })

  test('gives each key a refusal of its own where the caller may not', async () => {
    const refused = await door.bob.send('POST', `/${BUCKET}?delete`, { body: `<Delete>${object('two')}${object('absent')}</Delete>` })
    expect((await door.ann.send('HEAD', `/${BUCKET}/two`)).status).toBe(200)
    expect([refused.status, refused.all('Code')]).toEqual([200, ['AccessDenied', 'AccessDenied']])
    expect((await door.ann.send('POST', '/nowhere?delete', { body: `<Delete>${object('k')}</Delete>` })).outcome).toBe('404 NoSuchBucket')
  })

  test.each([
    ['no Key', '<Object/>', '400 MalformedXML'],
    ['an empty Key', object(''), '400 MalformedXML'],
    ['two Keys', '<Object><Key>a</Key><Key>b</Key></Object>', '400 MalformedXML'],
    ['a condition that we do not know', object('two', '<Size>3</Size>'), '501 NotImplemented'],
    ['a Key with elements in it', '<Object><Key><b/></Key></Object>', '400 MalformedXML'],
  ])('refuses %s', async (_, objects, outcome) => {
    expect((await remove(objects)).outcome).toBe(outcome)
  })
})

describe('documents meant to hurt', () => {
  const send = (body: string): Promise<Answer> => door.ann.send('POST', `/${BUCKET}?delete`, { body })
  const key = '<Object><Key>two</Key></Object>'

  test.each<[string, string]>([
    ['a DOCTYPE', `<!DOCTYPE Delete [<!ENTITY a "b">]><Delete>${key}</Delete>`],
    ['an external entity', `<!DOCTYPE Delete [<!ENTITY a SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&a;</Key></Object></Delete>`],
    ['an entity of its own', '<Delete><Object><Key>&lol;</Key></Object></Delete>'],
    ['no end', `<Delete>${key}`],
    ['nothing', ''],
    ['NUL', `<Delete>${key}\0</Delete>`],
    ['a depth', `${'<a>'.repeat(20_000)}${'</a>'.repeat(20_000)}`],
    ['many elements', `<Delete>${'<a/>'.repeat(200_000)}</Delete>`],
    ['many attributes', `<Delete ${Array.from({ length: 2_000 }, (_, index) => `a${index}="b"`).join(' ')}>${key}</Delete>`],
    ['a processing instruction', `<Delete><?php x ?>${key}</Delete>`],
    ['another root', `<Remove>${key}</Remove>`],
    ['a huge tag', `<${'D'.repeat(1_000_000)}/>`],
    ['another encoding', `<?xml version="1.0" encoding="UTF-16"?><Delete>${key}</Delete>`],
  ])('%s', async (_, body) => {
    expect((await send(body)).outcome).toBe('400 MalformedXML')
    expect((await door.ann.send('HEAD', `/${BUCKET}/two`)).status).toBe(200)
  })

  test('more than 4 MiB', async () => {
    const answer = await send(`<Delete>${key}<a>${'x'.repeat(4 * 1024 * 1024)}</a></Delete>`)
    expect(answer.outcome).toBe('400 MaxMessageLengthExceeded')
    expect((await door.ann.send('HEAD', `/${BUCKET}/two`)).status).toBe(200)
  })

  test('more than 64 KiB from a stranger', async () => {
    const padded = (size: number): string => `<Delete>${key}<a>${'x'.repeat(size)}</a></Delete>`
    expect((await door.anonymous.send('POST', `/${BUCKET}?delete`, { body: padded(65_536) })).outcome).toBe('400 MaxMessageLengthExceeded')
    const small = await door.anonymous.send('POST', `/${BUCKET}?delete`, { body: padded(60_000) })
    expect([small.status, small.all('Code')]).toEqual([200, ['AccessDenied']])
  })

  test('bytes that are not UTF-8', async () => {
    const body = Buffer.from(`<Delete><Object><Key>\xff</Key></Object></Delete>`, 'latin1')
    expect((await door.ann.send('POST', `/${BUCKET}?delete`, { body })).outcome).toBe('400 MalformedXML')
  })

  test('white space around, a byte order mark in front, a name space or none, all are welcome', async () => {
    for (const body of [
      `\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\n  <Object>\n <Key>two</Key>\n</Object>\n</Delete>\n`,
      `<s3:Delete xmlns:s3="http://s3.amazonaws.com/doc/2006-03-01/"><s3:Object><s3:Key>two</s3:Key></s3:Object></s3:Delete>`,
    ]) {
      await door.ann.send('PUT', `/${BUCKET}/two`, { body: 'two' })
      expect((await send(body)).outcome).toBe('200')
      expect((await door.ann.send('HEAD', `/${BUCKET}/two`)).status).toBe(404)
    }
  })
})
