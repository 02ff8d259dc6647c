import { accountCaller, intersectScopes } from '@stowage/core'
import type { Caller } from '@stowage/core'
import { roleCaller } from '../roles.ts'
import type { Roles } from '../roles.ts'
import type { AccessKeyRecord } from './access-key-document.ts'

/** Whether requests may be signed with a key. */
export function isActive({ disabled, expiresAt }: AccessKeyRecord, now: Date): boolean {
  return !disabled && (expiresAt === null || now < expiresAt)
}

/**
 * Who shows a key; null where its role is none any more. `parent`: the key that it was made from, as it is today; what that one
 * has lost, the child has lost.
 */
export function keyCaller(record: AccessKeyRecord, parent: AccessKeyRecord | null, roles: Roles): Caller | null {
  const { accessKeyId, account, role, sub, claims } = record
  const scope = lesserScope(record.scope, parent?.scope ?? null)
  if (role === null) return { ...accountCaller(account, accessKeyId), scope }
  return roleCaller({ roles, role, sub, claims, account, credentialId: accessKeyId, scope })
}

/** What both ceilings let through; null where there is none. */
export function lesserScope(a: Caller['scope'], b: Caller['scope']): Caller['scope'] {
  if (a === null) return b
  return b === null ? a : intersectScopes(a, b)
}

/** The earlier of two ends; null where there is none. */
export function earlierEnd(a: Date | null, b: Date | null): Date | null {
  if (a === null) return b
  return b === null || a < b ? a : b
}
