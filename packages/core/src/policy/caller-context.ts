import type { Caller } from './caller.ts'
import type { PredicateContext } from './fold-predicate.ts'
import { OPERATION_NAMES, type OperationName } from './operation.ts'

/**
 * What predicates may know of a caller and its request. A signed URL speaks for whom it was signed. The operation is
 * Supabase Storage's string: policies in the wild contain them.
 */
export function callerContext(caller: Caller, operation: OperationName): PredicateContext {
  return { ...identity(caller), account: caller.account, operation: OPERATION_NAMES[operation].supabase }
}

function identity({ principal }: Caller): { readonly sub: string | null; readonly role: string | null } {
  if (principal.kind === 'role') return { sub: principal.sub, role: principal.role }
  if (principal.kind === 'grant') return { sub: textOrNull(principal.frozen['sub']), role: textOrNull(principal.frozen['role']) }
  return { sub: null, role: null }
}

/** The account that acts itself, or by a role that bypasses row-level security; null for everybody else, its users included. */
export function actingAccount({ principal, account }: Caller): string | null {
  if (principal.kind === 'account') return account
  if (principal.kind === 'role') return principal.bypassRls ? account : null
  if (principal.kind !== 'grant') return null
  return principal.frozen['sub'] === undefined && principal.frozen['role'] === undefined ? account : null
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
