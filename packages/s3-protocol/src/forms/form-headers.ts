import { Buffer } from 'node:buffer'
import type { HttpHeader } from '@stowage/http'
import { isWithoutMeaning } from '../known-headers.ts'
import { CONTENT_HEADERS } from '../operations/fields/object-attributes.ts'
import { S3Error } from '../s3-error.ts'
import { S3Headers } from '../s3-headers.ts'
import { isSigningField } from '../sigv4/form-auth.ts'
import { fieldError } from './form-error.ts'
import type { FormFields } from './post-form.ts'

/** Headers of the request that mean with a form what they mean with everything else. The others are about the form, not about the object. */
const OF_THE_REQUEST: ReadonlySet<string> = new Set([
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-unmodified-since',
  'referer',
  'user-agent',
])
/** Fields that are what a header of the same name is on PutObject (RESTObjectPOST). */
const FIELDS: ReadonlySet<string> = new Set([...CONTENT_HEADERS.map(([name]) => name), 'content-md5', 'x-amz-acl'])
const FIELD_PREFIXES = ['x-amz-meta-', 'x-amz-checksum-'] as const
/** RFC 9110 §5.6.2: what the name of a header may be made of. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/

/** The headers that a form amounts to: each field that means one on PutObject, and of the request's own those that mean what they always do. */
export function formHeaders(received: readonly HttpHeader[], fields: FormFields): S3Headers {
  const headers = received.filter(([name]) => OF_THE_REQUEST.has(name))
  for (const [field, value] of fields) {
    const name = field === 'acl' ? 'x-amz-acl' : field
    if (isAttribute(name)) headers.push([checkName(name), Buffer.from(value).toString('latin1')])
    else if (name.startsWith('x-amz-') && !isSigningField(name)) {
      throw new S3Error('NotImplemented', `A field you provided implies functionality that is not implemented: ${field}`, {
        fields: { Header: field },
      })
    }
  }
  return new S3Headers(headers)
}

/**
 * Refuses headers that say something of the object, or of the bytes: with a form it is its fields that do, and only they are held against the
 * policy.
 */
export function refuseObjectHeaders(received: readonly HttpHeader[]): void {
  for (const [name, value] of received) {
    if (name === 'content-md5' || (name.startsWith('x-amz-') && !isWithoutMeaning(name))) {
      throw fieldError(`${name} came as a header; with a form it must be a field.`, name, value)
    }
  }
}

function isAttribute(name: string): boolean {
  return FIELDS.has(name) || FIELD_PREFIXES.some((prefix) => name.startsWith(prefix))
}

/** A header has such a name by itself; a field may have any, which could not be given back. */
function checkName(name: string): string {
  if (TOKEN.test(name)) return name
  throw fieldError('The name of a field that becomes a header has characters that no header can have.', name)
}
