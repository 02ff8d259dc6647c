import type { IncomingMessage } from 'node:http'
import { CheckedFields } from '../stores/checked-fields.ts'
import { readControlBody } from './control-body.ts'
import { readExplainWish, writeExplainWish } from './explain-wish.ts'
import type { PolicyRequest } from './policy-administration.ts'

/** A thousand policies with their predicates and their texts are shorter. */
const REQUEST_BYTES_MAX = 64 * 1024 * 1024
const ACTIONS = ['list', 'import', 'remove', 'create-role', 'delete-role', 'explain'] as const

/** The wish as it goes to another process. */
export function writePolicyRequest(request: PolicyRequest): unknown {
  return request.do === 'explain' ? { ...request, wishes: request.wishes.map(writeExplainWish) } : request
}

/** Reads what another process of this user wants of roles and policies. Throws for anything that is no such wish. */
export async function readPolicyRequest(message: IncomingMessage): Promise<PolicyRequest> {
  const fields = new CheckedFields(await readControlBody(message, REQUEST_BYTES_MAX), 'The question')
  const request = parseRequest(fields)
  fields.end()
  return request
}

function parseRequest(fields: CheckedFields): PolicyRequest {
  const what = fields.oneOf('do', ACTIONS)
  switch (what) {
    case 'list':
      return { do: what }
    case 'import':
      // Each is read where it is put.
      return {
        do: what,
        policies: fields.list('policies'),
        relations: fields.list('relations'),
        replace: fields.flag('replace'),
        dryRun: fields.flag('dryRun'),
      }
    case 'remove':
      return { do: what, name: fields.text('name'), table: fields.optionalText('table') }
    case 'create-role': {
      const role = fields.fields('role')
      if (role === null) throw new Error(`${fields.at}.role is missing.`)
      const read = { name: role.text('name'), bypassRls: role.flag('bypassRls'), inherits: role.texts('inherits') }
      role.end()
      return { do: what, role: read, replace: fields.flag('replace') }
    }
    case 'delete-role':
      return { do: what, name: fields.text('name') }
    case 'explain':
      return {
        do: what,
        wishes: fields.list('wishes').map((wish, at) => {
          const one = new CheckedFields(wish, `${fields.at}.wishes[${at}]`)
          const read = readExplainWish(one)
          one.end()
          return read
        }),
      }
  }
}
