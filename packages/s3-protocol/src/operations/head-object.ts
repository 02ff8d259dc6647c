import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { objectResponseHeaders } from './fields/object-response.ts'
import { askObject, readReadInput } from './fields/read-input.ts'

/** API_HeadObject: as GetObject, without a body, also for errors. */
export const headObject: Operation = defineOperation({
  name: 'HeadObject',
  engineName: 'HeadObject',
  match: { method: 'HEAD', on: 'object', reads: ['versionId', 'partNumber'] },
  payload: 'none',
  lacks: ['encryption with own keys'],
  decode: readReadInput,
  run: (session, input) => askObject(input, (get) => session.headObject(get)),
  encode: (object, input) => ({
    status: object.range === null ? 200 : 206,
    headers: objectResponseHeaders(object, input),
    body: null,
  }),
})
