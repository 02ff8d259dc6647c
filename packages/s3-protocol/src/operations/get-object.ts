import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { objectResponseHeaders } from './fields/object-response.ts'
import { readReadInput, withPartErrors } from './fields/read-input.ts'

/** API_GetObject. */
export const getObject: Operation = defineOperation({
  name: 'GetObject',
  engineName: 'GetObject',
  match: { method: 'GET', on: 'object', reads: ['versionId', 'partNumber'] },
  payload: 'none',
  decode: readReadInput,
  async run(session, input) {
    const object = await withPartErrors(input, session.getObject(input.get))
    return { object, body: object.bytes ?? (await object.open()) }
  },
  encode: ({ object, body }, input) => ({
    status: object.range === null ? 200 : 206,
    headers: objectResponseHeaders(object, input),
    body,
  }),
})
