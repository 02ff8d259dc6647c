import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { objectResponseHeaders } from './fields/object-response.ts'
import { askObject, readReadInput } from './fields/read-input.ts'

/** API_GetObject. */
export const getObject: Operation = defineOperation({
  name: 'GetObject',
  engineName: 'GetObject',
  match: { method: 'GET', on: 'object', reads: ['versionId', 'partNumber'] },
  payload: 'none',
  lacks: ['encryption with own keys'],
  decode: readReadInput,
  async run(session, input) {
    const object = await askObject(input, (get) => session.getObject(get))
    return { object, body: object.bytes ?? (await object.open()) }
  },
  encode: ({ object, body }, input) => ({
    status: object.range === null ? 200 : 206,
    headers: objectResponseHeaders(object, input),
    body,
  }),
})
