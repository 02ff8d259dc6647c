import type { Caller, JsonObject } from './caller.ts'
import type { PredicateContext } from './fold-predicate.ts'
import { OPERATION_NAMES } from './operation.ts'
import type { RequestFacts } from './policy.ts'

/** The fact of a request that holds the address of whoever sent it. */
const SOURCE_IP = 'sourceIp'

/**
 * What predicates may know of a caller and its request. A signed URL speaks for whom it was signed. The operation is
 * Supabase Storage's string: policies in the wild contain them.
 */
export function callerContext(caller: Caller, { operation, at, facts }: RequestFacts): PredicateContext {
  const ip = facts.get(SOURCE_IP)
  return {
    ...identity(caller),
    account: caller.account,
    operation: OPERATION_NAMES[operation].supabase,
    ip: typeof ip === 'string' ? ip : null,
    key: caller.credentialId,
    now: at,
  }
}

/** Who acts. The claims say the same of it, whatever they said. */
function identity({ principal }: Caller): Pick<PredicateContext, 'sub' | 'role' | 'jwt'> {
  if (principal.kind === 'role') {
    const { sub, role, claims } = principal
    return { sub, role, jwt: withIdentity(claims, sub, role) }
  }
  if (principal.kind !== 'grant') return { sub: null, role: null, jwt: null }
  const { frozen } = principal
  const [sub, role] = [textOrNull(frozen['sub']), textOrNull(frozen['role'])]
  if (sub === null && role === null) return { sub, role, jwt: null }
  return { sub, role, jwt: withIdentity(isObject(frozen['claims']) ? frozen['claims'] : {}, sub, role) }
}

function withIdentity(claims: JsonObject, sub: string | null, role: string | null): JsonObject {
  return { ...claims, ...(sub === null ? {} : { sub }), ...(role === null ? {} : { role }) }
}

/** Says of roles whether they bypass row-level security now. Where nobody says so, none does. */
export interface BypassingRoles {
  bypasses?(role: string): boolean
}

/**
 * The account that acts itself, or by a role that bypasses row-level security; null for everybody else, its users included. A bypass counts
 * where the role has it now: what the credential was told can only take it away.
 */
export function actingAccount({ principal, account }: Caller, roles: BypassingRoles): string | null {
  if (principal.kind === 'account') return account
  if (principal.kind === 'role') return principal.bypassRls && roles.bypasses?.(principal.role) === true ? account : null
  if (principal.kind !== 'grant') return null
  const { sub, role, bypassRls } = principal.frozen
  if (sub === undefined && role === undefined) return account
  return bypassRls === true && typeof role === 'string' && roles.bypasses?.(role) === true ? account : null
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
