import { StorageError } from '../errors/storage-error.ts'
import { BUILT_IN_ROLES, type Role } from './role.ts'
import { PUBLIC_ROLE } from './row-policy.ts'

/** How long a name of a role may be: Postgres' limit of names, in bytes. */
const NAME_BYTES_MAX = 63
/** How many roles one namespace may have. */
const ROLES_MAX = 1_000
const RESERVED: ReadonlySet<string> = new Set([PUBLIC_ROLE, 'none', 'current_role', 'current_user', 'session_user'])
const BUILT_IN: ReadonlySet<string> = new Set(BUILT_IN_ROLES.map(({ name }) => name))

/** The roles of a namespace, built-in ones included: what each of them may act as. */
export class RoleSet {
  readonly #roles: ReadonlyMap<string, Role>
  readonly #effective = new Map<string, ReadonlySet<string>>()

  /**
   * Throws `InvalidArgument` for roles that are none: a name that is taken or reserved, a role inherited that is not there, one that
   * inherits from itself. Built-in roles cannot be replaced.
   */
  constructor(own: readonly Role[] = []) {
    if (own.length > ROLES_MAX) throw new StorageError('LimitExceeded', { limit: 'ROLES_MAX', max: ROLES_MAX })
    const roles = new Map(BUILT_IN_ROLES.map((role) => [role.name, role]))
    for (const role of own) {
      checkRole(role)
      if (roles.has(role.name)) throw invalid(role, 'there already')
      roles.set(role.name, role)
    }
    this.#roles = roles
    for (const role of own) this.#checkInheritance(role)
  }

  /** Null for a role that there is not. */
  find(name: string): Role | null {
    return this.#roles.get(name) ?? null
  }

  /** Whether there is such a role, and it bypasses row-level security. */
  bypasses(name: string): boolean {
    return this.#roles.get(name)?.bypassRls === true
  }

  /** In the order in which they were given, the built-in ones first. */
  get all(): readonly Role[] {
    return [...this.#roles.values()]
  }

  /** The role and all that it inherits; empty for a role that there is not, to which no policy applies. */
  effective(name: string): ReadonlySet<string> {
    let effective = this.#effective.get(name)
    if (effective === undefined) {
      if (!this.#roles.has(name)) return NO_ROLES
      effective = this.#reach(name)
      this.#effective.set(name, effective)
    }
    return effective
  }

  #reach(name: string): ReadonlySet<string> {
    const reached = new Set([name])
    for (const each of reached) for (const inherited of this.#roles.get(each)?.inherits ?? []) reached.add(inherited)
    return reached
  }

  #checkInheritance(role: Role): void {
    for (const name of role.inherits) {
      if (!this.#roles.has(name)) throw invalid(role, `inheriting from '${name}', which is no role`)
      if (this.#reach(name).has(role.name)) throw invalid(role, `inheriting from itself, by '${name}'`)
    }
  }
}

const NO_ROLES: ReadonlySet<string> = new Set()

/** The built-in roles alone: what policies go by that have no others. */
export const BUILT_IN_ROLE_SET: RoleSet = new RoleSet()

function checkRole(role: Role): void {
  const { name } = role
  if (name === '' || Buffer.byteLength(name) > NAME_BYTES_MAX) throw invalid(role, `not of 1 to ${NAME_BYTES_MAX} bytes`)
  if (!/^[\w$.-]+$/u.test(name)) throw invalid(role, 'of other characters than letters, digits, _ $ . -')
  if (RESERVED.has(name.toLowerCase()) || name.toLowerCase().startsWith('pg_')) throw invalid(role, 'a name that is reserved')
  if (BUILT_IN.has(name)) throw invalid(role, 'a role that is always there')
}

function invalid({ name }: Role, reason: string): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument: 'role', reason: `'${name}' is ${reason}` })
}
