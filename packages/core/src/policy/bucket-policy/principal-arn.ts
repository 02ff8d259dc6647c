import type { Caller } from '../caller.ts'
import type { PolicyPrincipal } from './bucket-policy.ts'

const ARN = /^arn:aws:iam::([^:/]+):(root|role\/.+|user\/.+)$/

/** Reads a principal as AWS writes them: `*`, an account's id, or the ARN of an account, a role or a user. Null where it is none of them. */
export function readPrincipal(text: string): PolicyPrincipal | null {
  if (text === '*') return 'everybody'
  const [, account, rest] = ARN.exec(text) ?? []
  if (account !== undefined && rest !== undefined) {
    if (rest === 'root') return { account }
    const name = rest.slice(rest.indexOf('/') + 1)
    // No wildcards: as on AWS, a principal is somebody or everybody.
    if (/[*?]/.test(text)) return null
    return rest.startsWith('role/') ? { account, role: name } : { account, user: name }
  }
  return text === '' || /[*?:/\s]/.test(text) ? null : { account: text }
}

/**
 * Whether a statement speaks of this caller. To allow an account is to allow the account itself, and its roles that bypass; to deny it is to
 * deny whoever comes from it. `acting` is the account that the caller acts as, see `actingAccount`.
 */
export function isPrincipal(
  principal: PolicyPrincipal,
  { caller, acting }: { readonly caller: Caller; readonly acting: string | null },
  effect: 'Allow' | 'Deny',
): boolean {
  if (principal === 'everybody') return true
  if (principal.account !== caller.account || caller.account === null) return false
  const { sub, role } = identity(caller)
  if ('role' in principal) return role === principal.role
  if ('user' in principal) return sub === principal.user
  return effect === 'Deny' || acting === principal.account
}

/** What AWS would call the caller; null for nobody known. */
export function principalArn(caller: Caller): string | null {
  if (caller.account === null || caller.principal.kind === 'anonymous') return null
  const { sub, role } = identity(caller)
  const name = sub !== null ? `user/${sub}` : role !== null ? `role/${role}` : 'root'
  return `arn:aws:iam::${caller.account}:${name}`
}

/** The caller's own id: of a user the `sub`, otherwise the account's. */
export function principalId(caller: Caller): string | null {
  return identity(caller).sub ?? (caller.principal.kind === 'anonymous' ? null : caller.account)
}

/** The `sub` of a user; null for everybody else. */
export function principalUser(caller: Caller): string | null {
  return identity(caller).sub
}

function identity(caller: Caller): { readonly sub: string | null; readonly role: string | null } {
  const { principal } = caller
  if (principal.kind === 'role') return { sub: principal.sub, role: principal.role }
  if (principal.kind !== 'grant') return NOBODY
  const { sub, role } = principal.frozen
  return { sub: typeof sub === 'string' ? sub : null, role: typeof role === 'string' ? role : null }
}

const NOBODY = { sub: null, role: null }
