import type { HttpHeader } from '@stowage/http'
import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { objectResponseHeaders } from './fields/object-response.ts'
import { redirectedUrl } from './fields/redirected-url.ts'
import { askObject, readReadInput } from './fields/read-input.ts'

/** API_GetObject. */
export const getObject: Operation = defineOperation({
  name: 'GetObject',
  engineName: 'GetObject',
  match: { method: 'GET', on: 'object', reads: ['versionId', 'partNumber'] },
  payload: 'none',
  lacks: ['encryption with own keys'],
  decode: readReadInput,
  async run(session, input, { redirects }) {
    const object = await askObject(input, (get) => session.getObject(get))
    const location = redirects === null ? null : await redirectedUrl(object, input, redirects)
    return { object, location, body: location === null ? (object.bytes ?? (await object.open())) : null }
  },
  encode({ object, location, body }, input) {
    if (location === null) return { status: object.range === null ? 200 : 206, headers: objectResponseHeaders(object, input), body }
    // Not to be kept: the address is good for seconds, and who may have it is asked each time.
    const headers: HttpHeader[] = [['location', location.href], ['cache-control', 'no-store'], ['content-length', '0']] // prettier-ignore
    return { status: 307, headers, body: null }
  },
})
