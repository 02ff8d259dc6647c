import type { HttpHeader } from '@stowage/http'
import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { xmlResponse } from '../xml-response.ts'
import { element } from '../xml/element.ts'
import { readConditions } from './fields/conditions.ts'
import { readObjectAttributes } from './fields/object-attributes.ts'
import { checksumHeaders } from './fields/object-response.ts'
import { successRedirect } from './fields/success-redirect.ts'
import { readTagSet } from './fields/tag-set.ts'

/** RESTObjectPOST: the form of a browser. The engine is asked for a PutObject, and so is the policy (CVE-2021-21362). */
export const postObject: Operation = defineOperation({
  name: 'PostObject',
  engineName: 'PutObject',
  match: { method: 'POST', on: 'bucket' },
  payload: 'form',
  lacks: ['ACLs', 'encryption', 'Signature Version 2', 'signed forms in a jurisdiction'],
  decode({ bucket, headers, body, signal }, context) {
    const conditions = readConditions(headers, context.now)
    const { key, source, expected, tagging, redirect, status } = body
    const put = {
      bucket,
      key,
      ...readObjectAttributes(headers),
      ...(tagging === null ? {} : { tags: readTagSet(tagging) }),
      ...expected,
      body: source,
      signal,
      ...(conditions === undefined ? {} : { conditions }),
    }
    return { put, redirect, status }
  },
  run: (session, { put }) => session.putObject(put),
  encode(info, { put, redirect, status }, context) {
    const bucket = put.bucket.name
    const etag = `"${info.etag}"`
    const common: readonly HttpHeader[] = [
      ['etag', etag],
      ...(info.checksum === null ? [] : checksumHeaders(info.checksum)),
      ...(info.versionId === 'null' ? [] : [['x-amz-version-id', info.versionId] as const]),
    ]
    const next = redirect === null ? null : successRedirect(redirect, { bucket, key: put.key, etag })
    if (next !== null) return { status: 303, headers: [...common, ['location', next], ['content-length', '0']], body: null }
    // The slashes of the key are escaped, as AWS does; it is the same key.
    const location = `${context.url.replace(/\/$/, '')}/${encodeURIComponent(put.key)}`
    const headers: readonly HttpHeader[] = [...common, ['location', location]]
    if (status === '200') return { status: 200, headers: [...headers, ['content-length', '0']], body: null }
    if (status !== '201') return { status: 204, headers, body: null }
    const answer = element('PostResponse', [
      element('Location', location),
      element('Bucket', bucket),
      element('Key', put.key),
      element('ETag', etag),
    ])
    return xmlResponse(answer, 201, headers)
  },
})
