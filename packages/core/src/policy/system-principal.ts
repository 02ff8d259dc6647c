import type { Caller, Principal, SystemPrincipal } from './caller.ts'

/** Every system principal that was made here. A look-alike that a door built from a request is none. */
const made = new WeakSet<object>()

/** A principal that skips policy, for the operator's own work. The reason goes into the audit record. */
export function systemPrincipal(reason: string): SystemPrincipal {
  const principal = Object.freeze({ kind: 'system', reason }) as SystemPrincipal
  made.add(principal)
  return principal
}

/** The caller for the operator's own work: no account, no ceiling. */
export function systemCaller(reason: string): Caller {
  return { principal: systemPrincipal(reason), account: null, scope: null, credentialId: null }
}

/** Whether the principal was made by `systemPrincipal`. */
export function isSystemPrincipal(principal: Principal): boolean {
  return made.has(principal)
}
