import { expect, test } from 'vitest'
import { BUCKET, wirePair } from '../../test/wire-pair.ts'
import { deleteObject } from './delete-object.ts'

test('DeleteObject', async () => {
  const { asked, response } = await wirePair(
    deleteObject,
    { key: 'k', query: { versionId: 'v1' }, headers: [['if-match', '*']] },
    { versionId: null, deleteMarker: false },
  )
  expect(asked).toEqual(['deleteObject', { bucket: { name: BUCKET }, key: 'k', versionId: 'v1', conditions: { ifMatch: '*' } }])
  expect(response).toEqual({ status: 204, headers: [], body: null })
})

test('in a bucket with versions it tells what became of the key', async () => {
  const { response } = await wirePair(deleteObject, { key: 'k' }, { versionId: 'v2', deleteMarker: true })
  expect(response.headers).toEqual([
    ['x-amz-delete-marker', 'true'],
    ['x-amz-version-id', 'v2'],
  ])
})
