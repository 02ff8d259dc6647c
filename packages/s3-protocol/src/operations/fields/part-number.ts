import { S3Error } from '../../s3-error.ts'
import type { S3Query } from '../../s3-query.ts'

/** The part number of UploadPart and UploadPartCopy: 1 to 10,000. */
export function readPartNumber(query: S3Query): number {
  const value = query.get('partNumber') ?? ''
  const number = /^[0-9]{1,5}$/.test(value) ? Number(value) : 0
  if (number < 1 || number > 10_000) {
    throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive', {
      fields: { ArgumentName: 'partNumber', ArgumentValue: value },
    })
  }
  return number
}
