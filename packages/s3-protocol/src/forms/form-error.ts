import { S3Error } from '../s3-error.ts'
import type { RawS3Request } from '../s3-request.ts'
import { isPostForm } from '../sigv4/auth-mechanism.ts'

/** The error of a body that is no form. The reason ends a sentence. */
export function malformedForm(reason: string, cause?: unknown): S3Error {
  const message = `The body of your POST request is not well-formed multipart/form-data: ${reason}.`
  return new S3Error('MalformedPOSTRequest', message, cause === undefined ? {} : { cause })
}

/** The error of a field, by its name. */
export function fieldError(message: string, name: string, value = ''): S3Error {
  return new S3Error('InvalidArgument', message, { fields: { ArgumentName: name, ArgumentValue: value } })
}

/** The value of a field that must be there, in whatever case its name came. */
export function requiredField(fields: ReadonlyMap<string, string>, name: string): string {
  const value = fields.get(name.toLowerCase())
  if (value !== undefined) return value
  throw fieldError(`Bucket POST must contain a field named '${name}'.  If it is specified, please check the order of the fields.`, name)
}

/** The error of a POST on a bucket that shows its credentials elsewhere than in the fields of a form, or is none. */
export function notAForm(request: RawS3Request): S3Error {
  if (isPostForm(request)) {
    return new S3Error(
      'InvalidArgument',
      'Only one auth mechanism allowed; a form carries its credentials in its fields, and nowhere else.',
    )
  }
  return new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    fields: { Condition: 'Bucket POST must be of the enclosure-type multipart/form-data' },
  })
}
