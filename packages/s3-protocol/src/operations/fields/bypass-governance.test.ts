import { expect, test } from 'vitest'
import { S3Headers } from '../../s3-headers.ts'
import { readBypassGovernance } from './bypass-governance.ts'

const read = (value: string): unknown => readBypassGovernance(new S3Headers([['x-amz-bypass-governance-retention', value]]))

test('true, false, and nothing else', () => {
  expect(readBypassGovernance(new S3Headers([]))).toEqual({})
  expect([read('true'), read('True'), read('false')]).toEqual([{ bypassGovernance: true }, { bypassGovernance: true }, {}])
  for (const value of ['', 'yes', '1']) expect(() => read(value)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
})
