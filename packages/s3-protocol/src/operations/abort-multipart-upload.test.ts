import { expect, test } from 'vitest'
import { BUCKET, wirePair } from '../../test/wire-pair.ts'
import { abortMultipartUpload } from './abort-multipart-upload.ts'

test('AbortMultipartUpload', async () => {
  const { asked, response } = await wirePair(abortMultipartUpload, { key: 'k', query: { uploadId: 'u1' } }, undefined)
  expect(asked).toEqual(['abortUpload', { bucket: { name: BUCKET }, key: 'k', uploadId: 'u1' }])
  expect(response).toEqual({ status: 204, headers: [], body: null })
})
