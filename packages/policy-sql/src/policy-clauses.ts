import { type PolicyCommand, PUBLIC_ROLE } from '@stowage/core/policy'
import type { Node } from 'libpg-query'
import { Refusal } from './refusal.ts'
import { placeOf } from './typed.ts'

const COMMANDS: readonly PolicyCommand[] = ['all', 'select', 'insert', 'update', 'delete']

/** The command of `FOR`; the parser puts `all` where there is none. */
export function commandOf(name: string | undefined): PolicyCommand {
  const command = COMMANDS.find((known) => known === name)
  if (command === undefined) throw new Refusal(null, `unrecognized row security option "${name ?? ''}"`)
  return command
}

/** The roles of `TO`; the parser puts PUBLIC where there are none. Refuses those that mean whoever runs the statement. */
export function rolesOf(nodes: readonly Node[] | undefined): readonly string[] {
  const roles = (nodes ?? []).map((node) => {
    if (!('RoleSpec' in node)) throw new Refusal(null, 'a role that is no name')
    const { roletype, rolename } = node.RoleSpec
    if (roletype === 'ROLESPEC_PUBLIC') return PUBLIC_ROLE
    if (roletype === 'ROLESPEC_CSTRING' && rolename !== undefined) return rolename
    throw new Refusal(placeOf(node.RoleSpec), 'a role that means whoever runs the statement', 'name the role')
  })
  // Postgres too keeps PUBLIC alone.
  return roles.length === 0 || roles.includes(PUBLIC_ROLE) ? [PUBLIC_ROLE] : [...new Set(roles)]
}
