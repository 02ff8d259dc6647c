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
  const scope = endingScope(lesserScope(record.scope, parent?.scope ?? null), earlierEnd(record.expiresAt, parent?.expiresAt ?? null))
  if (role === null) return { ...accountCaller(account, accessKeyId), scope }
  return roleCaller({ roles, role, sub, claims, account, credentialId: accessKeyId, scope })
}

/** What both ceilings let through; null where there is none. */
export function lesserScope(a: Caller['scope'], b: Caller['scope']): Caller['scope'] {
  if (a === null) return b
  return b === null ? a : intersectScopes(a, b)
}

/** A ceiling that ends, where there is an end: what a caller makes for others, a signed URL say, is not to be good for longer. */
export function endingScope(scope: Caller['scope'], end: Date | null): Caller['scope'] {
  return end === null ? scope : intersectScopes(scope ?? {}, { notAfter: end })
}

/** The earlier of two ends; null where there is none. */
export function earlierEnd(a: Date | null, b: Date | null): Date | null {
  if (a === null) return b
  return b === null || a < b ? a : b
}
