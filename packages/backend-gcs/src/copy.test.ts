import { parseBlobKey } from '@stowage/core/backend'
import { describe, expect, test } from 'vitest'
import { openOn } from '../test/support/open-on.ts'
import type { Opened } from '../test/support/open-on.ts'
import { refusal, resource } from '../test/support/scripted-server.ts'
import type { Reply, Script } from '../test/support/scripted-server.ts'

const CRC = 'yZRlqg=='
const SOURCE = resource({ size: 5, crc32c: CRC })
const EXISTS = refusal(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.')
const COPY = '/storage/v1/b/blobs/o/x1/rewriteTo/b/blobs/o/y1?ifGenerationMatch=0'

function done(fields: { readonly name?: string; readonly size?: number; readonly crc32c?: string } = {}): Reply {
  const copy = resource({ name: 'y1', size: 5, crc32c: CRC, generation: '9', ...fields })
  return { body: JSON.stringify({ done: true, resource: JSON.parse(String(copy.body)) }) }
}

async function copyOn(script: Script): Promise<{ readonly copied: Promise<unknown>; readonly received: Opened['received'] }> {
  const opened = await openOn(script)
  return { copied: Promise.resolve(opened.backend.copying?.copy(parseBlobKey('x1'), parseBlobKey('y1'))), received: opened.received }
}

describe('a copy', () => {
  test('in steps hands on what the service gave it', async () => {
    const { copied, received } = await copyOn([SOURCE, { body: '{"done":false,"rewriteToken":"more"}' }, done()])
    expect(await copied).toEqual({ size: 5 })
    expect(
      received()
        .slice(1)
        .map(({ target }) => target),
    ).toEqual([COPY, `${COPY}&rewriteToken=more`])
  })

  test('whose answer was lost is known by the size and the CRC-32C of its source', async () => {
    const { copied } = await copyOn([SOURCE, { ending: 'reset' }, EXISTS, resource({ name: 'y1', size: 5, crc32c: CRC })])
    expect(await copied).toEqual({ size: 5 })
    const other = await copyOn([SOURCE, { ending: 'reset' }, EXISTS, resource({ name: 'y1', size: 5, crc32c: 'AAAAAA==' })])
    await expect(other.copied).rejects.toMatchObject({ code: 'Conflict' })
  })

  test.each([
    ['size', { size: 1 }],
    ['CRC-32C', { crc32c: 'AAAAAA==' }],
  ])('of another %s than its source is removed, and fails', async (_, fields) => {
    const { copied, received } = await copyOn([SOURCE, done(fields), { status: 204 }])
    await expect(copied).rejects.toMatchObject({ code: 'BackendUnavailable', retryable: true })
    expect(received()[2]).toMatchObject({ method: 'DELETE', target: '/storage/v1/b/blobs/o/y1?ifGenerationMatch=9' })
    expect(received()).toHaveLength(3)
  })

  test('takes no other object for the one that it made', async () => {
    const { copied, received } = await copyOn([SOURCE, done({ name: 'z1' })])
    await expect(copied).rejects.toMatchObject({ code: 'BackendUnavailable', retryable: true })
    expect(received().filter(({ method }) => method === 'DELETE')).toEqual([])
  })
})
