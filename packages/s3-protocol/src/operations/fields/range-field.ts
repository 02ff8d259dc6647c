import type { RequestedRange } from '@stowage/core'
import { parseRange } from '@stowage/http'
import { S3Error } from '../../s3-error.ts'
import type { S3Headers } from '../../s3-headers.ts'
import type { S3Query } from '../../s3-query.ts'

/** What part of an object is asked for: by Range (a malformed one is ignored, RFC 9110 §14.2) or by part number, not both. */
export function readRequestedRange(headers: S3Headers, query: S3Query): RequestedRange | undefined {
  const header = headers.get('range')
  const part = query.integer('partNumber', { min: 1, max: 10_001 })
  if (part === undefined) {
    const range = header === undefined ? null : parseRange(header)
    if (range === null) return undefined
    if ('suffix' in range) return range
    return range.end === undefined ? { start: range.start } : { start: range.start, end: range.end + 1 }
  }
  if (header !== undefined) throw new S3Error('InvalidRequest', 'Cannot specify both Range header and partNumber query parameter')
  if (part > 10_000)
    throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive', {
      fields: { ArgumentName: 'partNumber' },
    })
  return { part }
}
