import { parseBlobKey } from '@stowage/core/backend'
import type { ListBlobsOptions } from '@stowage/core/backend'
import { describe, expect, test } from 'vitest'
import { openOn } from '../test/support/open-on.ts'
import { listing } from '../test/support/scripted-server.ts'
import type { Reply } from '../test/support/scripted-server.ts'

function page(names: readonly string[], token?: string): Reply {
  return listing(
    names.map((name) => ({ name, size: '1', generation: '7', timeCreated: '2026-11-22T20:15:00.000Z' })),
    token,
  )
}

/** What a listing gives over these pages, the last of which is for all further ones. */
async function listOver(pages: readonly Reply[], options: ListBlobsOptions = { prefix: '' }): Promise<readonly string[]> {
  const opened = await openOn(pages)
  const keys: string[] = []
  for await (const { key } of opened.backend.list(options)) keys.push(key)
  return keys
}

describe('a listing', () => {
  test('goes on over pages that hold no blob, and over names that are not in the order of strings', async () => {
    const pages = [page(['a'], 'one'), page([], 'two'), page(['b \u{ffff}', 'b \u{10000}'], 'three'), page([], 'four'), page(['c'])]
    expect(await listOver(pages)).toEqual(['a', 'c'])
  })

  test('does not mind the name that it begins after', async () => {
    expect(await listOver([page(['a', 'b'])], { prefix: '', after: parseBlobKey('a') })).toEqual(['b'])
  })

  test.each([
    ['the same page for ever', [page(['a'], 'one')]],
    ['the same empty page for ever', [page(['a'], 'one'), page([], 'one')]],
    ['two empty pages in a circle', [page([], 'one'), page([], 'two'), page([], 'one'), page([], 'two'), page(['a'])]],
    ['a page of somebody else’s objects for ever', [page(['no blob'], 'one')]],
    ['an order that is none', [page(['b', 'a'])]],
    ['a page that goes back', [page(['a', 'b'], 'one'), page(['a', 'c'])]],
    ['an object twice', [page(['a', 'a'])]],
    ['{}', [{ body: '{}' }]],
    ['another kind', [{ body: '{"kind":"storage#buckets"}' }]],
  ])('that cannot be whole is an error: %s', async (_, pages) => {
    await expect(listOver(pages)).rejects.toMatchObject({
      code: 'BackendUnavailable',
      retryable: true,
      message: expect.stringMatching(/cannot be read/),
    })
  })
})
