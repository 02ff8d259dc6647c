import { parseBlobKey } from '@stowage/core/backend'
import type { Backend } from '@stowage/core/backend'
import { describe, expect, test } from 'vitest'
import { openOn } from '../test/support/open-on.ts'
import type { Opened } from '../test/support/open-on.ts'
import { listing, refusal } from '../test/support/scripted-server.ts'
import type { Reply, Script } from '../test/support/scripted-server.ts'

const key = parseBlobKey('x1')

const OBJECT = refusal(404, 'notFound', 'No such object: blobs/x1')
const BUCKET = refusal(404, 'notFound', 'The specified bucket does not exist.')
const SOMETHING = refusal(404, 'notFound', 'Not Found')
const PAGE: Reply = { status: 404, headers: { 'content-type': 'text/html' }, body: '<html><title>404 Not Found</title></html>' }
const BARE: Reply = { status: 404 }

function item(name: string): object {
  return { name, size: '1', generation: '7', timeCreated: '2026-11-22T20:15:00.000Z' }
}

async function open(script: Script): Promise<Opened> {
  const opened = await openOn(script, { attemptsMax: 2 })
  return opened
}

/** What asks for the object itself, in each of the ways there are. */
const READS: readonly (readonly [string, (backend: Backend) => Promise<unknown>])[] = [
  ['a read', (backend) => backend.get(key, {})],
  ['an empty range', (backend) => backend.get(key, { range: { start: 0, end: 0 } })],
  ['a copy', async (backend) => backend.copying?.copy(key, parseBlobKey('y1'))],
]
const CALLS: typeof READS = [...READS, ['a deletion', (backend) => backend.delete([key])]]

describe('a blob that is not there', () => {
  test.each(READS)('is missing where the service says so: %s', async (_, run) => {
    const one = await open([OBJECT])
    await expect(run(one.backend)).rejects.toMatchObject({ code: 'BlobNotFound' })
    expect(one.received()).toHaveLength(1)
  })

  test.each(READS)('is missing where the answer may be anybody’s, and the bucket does not list it: %s', async (_, run) => {
    for (const answer of [SOMETHING, PAGE, BARE]) {
      const one = await open([answer, listing([item('x1.other')])])
      await expect(run(one.backend)).rejects.toMatchObject({ code: 'BlobNotFound' })
      expect(one.received()).toHaveLength(2)
      expect(one.received()[1]?.target).toMatch(/\/b\/blobs\/o\?prefix=x1&maxResults=1&/)
      await one.stop()
    }
  })

  test('is missing where none of the pages lists it', async () => {
    const one = await open([SOMETHING, listing([], 'two'), listing()])
    await expect(one.backend.get(key, {})).rejects.toMatchObject({ code: 'BlobNotFound' })
    expect(one.received()).toHaveLength(3)
  })

  test('is deleted', async () => {
    for (const script of [[OBJECT], [SOMETHING, listing()], [PAGE, listing([item('x1.other')])]]) {
      const one = await open(script)
      await one.backend.delete([key])
      expect(one.received()).toHaveLength(script.length)
      await one.stop()
    }
  })
})

describe('a blob that may be there', () => {
  test.each(CALLS)('is not missing where the bucket is: %s', async (_, run) => {
    for (const script of [[BUCKET], [SOMETHING, BUCKET], [SOMETHING]]) {
      const one = await open(script)
      await expect(run(one.backend)).rejects.toMatchObject({
        code: 'BackendUnavailable',
        retryable: false,
        message: 'The bucket of the blobs does not exist (404).',
      })
      await one.stop()
    }
  })

  test.each(CALLS)('is not missing where another server answers: %s', async (_, run) => {
    for (const answer of [PAGE, BARE]) {
      const one = await open([answer])
      await expect(run(one.backend)).rejects.toMatchObject({
        code: 'BackendUnavailable',
        retryable: true,
        message: expect.stringMatching(/not Cloud Storage/),
      })
      await one.stop()
    }
  })

  test.each(CALLS)('is not missing where the bucket cannot be asked, or lists it: %s', async (_, run) => {
    for (const answer of [{ body: '{}' }, { body: '<html>' }, listing([item('x1')]), refusal(503, 'backendError', 'Backend Error')]) {
      const one = await open([SOMETHING, answer, SOMETHING, answer])
      await expect(run(one.backend)).rejects.toMatchObject({ code: 'BackendUnavailable', retryable: true })
      await one.stop()
    }
  })

  test.each(CALLS)('is not missing where a later page lists it: %s', async (_, run) => {
    const pages = [listing([], 'two'), listing([], 'three'), listing([item('x1')])]
    const one = await open([SOMETHING, ...pages, SOMETHING, ...pages])
    await expect(run(one.backend)).rejects.toMatchObject({ code: 'BackendUnavailable', retryable: true })
    expect(one.received().map(({ target }) => /&fields=.*nextPageToken(?:&pageToken=(.*))?$/.exec(target)?.[1])).toEqual(
      [0, 1].flatMap(() => [undefined, undefined, 'two', 'three']),
    )
  })

  test('is not missing where the pages of the listing have no end', async () => {
    const one = await open([({ method }) => (method === 'DELETE' ? SOMETHING : listing([], 'two'))])
    await expect(one.backend.delete([key])).rejects.toMatchObject({ code: 'BackendUnavailable', retryable: true })
  })

  test('is asked for again where the bucket lists it, and is deleted', async () => {
    const one = await open([PAGE, listing([item('x1')]), { status: 204 }])
    await one.backend.delete([key])
    expect(one.received().map(({ method }) => method)).toEqual(['DELETE', 'GET', 'DELETE'])
  })
})
