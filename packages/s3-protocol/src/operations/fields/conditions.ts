import type { Conditions } from '@stowage/core'
import { parseHttpDate } from '@stowage/http'
import { S3Error } from '../../s3-error.ts'
import type { S3Headers } from '../../s3-headers.ts'

/** Reads If-Match and its kin, or their `x-amz-copy-source-` forms. A malformed date is as if it had not come (RFC 9110 §13.1.3). */
export function readConditions(headers: S3Headers, now: Date, prefix: '' | 'x-amz-copy-source-' = ''): Conditions | undefined {
  const ifMatch = headers.get(`${prefix}if-match`)
  const ifNoneMatch = headers.get(`${prefix}if-none-match`)
  const modified = headers.get(`${prefix}if-modified-since`)
  const unmodified = headers.get(`${prefix}if-unmodified-since`)
  if (ifMatch === undefined && ifNoneMatch === undefined && modified === undefined && unmodified === undefined) return undefined
  const ifModifiedSince = modified === undefined ? null : parseHttpDate(modified, now)
  const ifUnmodifiedSince = unmodified === undefined ? null : parseHttpDate(unmodified, now)
  return {
    ...(ifMatch === undefined ? {} : { ifMatch: readEntityTags(ifMatch, 'If-Match') }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch: readEntityTags(ifNoneMatch, 'If-None-Match') }),
    ...(ifModifiedSince === null ? {} : { ifModifiedSince }),
    ...(ifUnmodifiedSince === null ? {} : { ifUnmodifiedSince }),
  }
}

/**
 * A list of entity tags, or `*` (RFC 9110 §8.8.3). S3's clients also send them without quotes, and so alone.
 * A weak tag keeps its `W/` and matches nothing: our tags are strong.
 */
export function readEntityTags(value: string, header: string): '*' | readonly string[] {
  const text = value.trim()
  if (text === '*') return '*'
  const tags: string[] = []
  let end = 0
  for (const match of text.matchAll(/[ \t]*(?:(W\/)?"([^"]*)"|([^",\s*]+))?[ \t]*(?:,|$)/gy)) {
    end = match.index + match[0].length
    const tag = match[3] ?? (match[2] === undefined ? undefined : `${match[1] ?? ''}${match[2]}`)
    // A list may hold empty elements (RFC 9110 §5.6.1.2).
    if (tag !== undefined) tags.push(tag)
    if (end === text.length) break
  }
  // All of it or nothing: a tag that is passed over would change what the condition says.
  if (tags.length === 0 || end !== text.length)
    throw new S3Error('InvalidArgument', `The value of ${header} is not a list of entity tags.`, { fields: { ArgumentName: header } })
  return tags
}
