import { expect, test } from 'vitest'
import { HttpInputError } from '@stowage/http'
import { fromHttpInputError, S3Error } from './s3-error.ts'

test('a code brings its status, and an exception may be made', () => {
  expect(new S3Error('SignatureDoesNotMatch', 'x')).toMatchObject({ code: 'SignatureDoesNotMatch', status: 403, fields: {}, headers: [] })
  expect(new S3Error('InvalidToken', 'x', { status: 403, fields: { a: 'b' } })).toMatchObject({ status: 403, fields: { a: 'b' } })
})

test('faults in the form of a request have S3 names', () => {
  const error = new HttpInputError('HeaderInvalid', 'content-length', 'The header content-length is wrong.')
  expect(fromHttpInputError(error)).toMatchObject({ code: 'InvalidArgument', fields: { ArgumentName: 'content-length' }, cause: error })
  expect(fromHttpInputError(new HttpInputError('TargetInvalid', 'target', 'x'))).toMatchObject({ code: 'InvalidURI', status: 400 })
  expect(fromHttpInputError(new HttpInputError('BodyTooLarge', 'body', 'x'))).toMatchObject({ code: 'MaxMessageLengthExceeded' })
})
