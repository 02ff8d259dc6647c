import { StorageError } from '@stowage/core'
import { expect, test } from 'vitest'
import { bare, BUCKET, wirePair } from '../../test/wire-pair.ts'
import { deleteObjects } from './delete-objects.ts'

const BODY = Buffer.from(
  '<Delete><Quiet>QUIET</Quiet><Object><Key>a&amp;b</Key></Object><Object><VersionId>v1</VersionId><Key>c</Key><ETag>"e"</ETag></Object></Delete>',
)
const RESULTS = [
  { key: 'a&b', requestedVersionId: null, deleted: { versionId: 'm1', deleteMarker: true }, error: null },
  { key: 'c', requestedVersionId: 'v1', deleted: null, error: new StorageError('PreconditionFailed', { condition: 'if-match' }) },
  { key: 'd', requestedVersionId: null, deleted: { versionId: null, deleteMarker: false }, error: null },
]
const body = (quiet: string): Buffer => Buffer.from(BODY.toString().replace('QUIET', quiet))
const ERROR =
  '<Error><Key>c</Key><VersionId>v1</VersionId><Code>PreconditionFailed</Code>' +
  '<Message>At least one of the pre-conditions you specified did not hold</Message></Error>'

test('DeleteObjects', async () => {
  const { asked, text } = await wirePair(deleteObjects, { query: { delete: '' }, body: body('false') }, RESULTS)
  expect(asked).toEqual([
    'deleteObjects',
    { bucket: { name: BUCKET }, objects: [{ key: 'a&b' }, { key: 'c', versionId: 'v1', conditions: { ifMatch: ['e'] } }] },
  ])
  expect(bare(text)).toBe(
    '<DeleteResult><Deleted><Key>a&amp;b</Key><DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>m1</DeleteMarkerVersionId></Deleted>' +
      `${ERROR}<Deleted><Key>d</Key></Deleted></DeleteResult>`,
  )
})

test('quietly, only what went wrong is told', async () => {
  const { text } = await wirePair(deleteObjects, { query: { delete: '' }, body: body('TRUE') }, RESULTS)
  expect(bare(text)).toBe(`<DeleteResult>${ERROR}</DeleteResult>`)
})
