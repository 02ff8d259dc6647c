import { StorageError } from '@stowage/core'
import type { JsonObject } from '@stowage/core'
import type { Roles } from '../roles.ts'
import type { CreateAccessKeyInput, CreateChildKeyInput } from './access-key.ts'
import type { AccessKeyRecord } from './access-key-document.ts'
import { earlierEnd, isActive, lesserScope } from './key-caller.ts'

/** Of a description, in UTF-8 bytes. */
const DESCRIPTION_BYTES_MAX = 1024
/** Of an account's id and of a user's, in UTF-8 bytes; the engine's limit for callers may be lower. */
const ID_BYTES_MAX = 500

/** Belongs to a token, not to the user that it speaks of. */
const CLAIMS_OF_TOKENS = new Set(['iss', 'issuer', 'exp', 'iat'])

/** A key as it is asked for, but for its id. Throws `InvalidArgument` for what makes no sense. */
export function newKeyRecord(
  input: CreateAccessKeyInput,
  { roles, now }: { readonly roles: Roles; readonly now: Date },
): Omit<AccessKeyRecord, 'accessKeyId'> {
  const { account, role = null, sub = null, claims = {}, scope = null } = input
  checkText('account', account, ID_BYTES_MAX)
  if (account === '') throw invalid('account', 'is empty')
  if (sub !== null) checkText('sub', sub, ID_BYTES_MAX)
  if (role !== null && roles.get(role) === undefined) throw invalid('role', 'is none that there is')
  if (role === null && (sub !== null || Object.keys(claims).length > 0))
    throw invalid('role', 'is missing: sub and claims are those of a role')
  return {
    account,
    description: checkedDescription(input.description),
    role,
    sub,
    claims: claimsOfUser(claims),
    scope,
    parent: null,
    createdAt: now,
    expiresAt: checkedEnd(input.expiresAt, now),
    disabled: false,
  }
}

/** A key that is made from another one. Throws `InvalidArgument` where that one may have no children. */
export function newChildRecord(input: CreateChildKeyInput, parent: AccessKeyRecord, now: Date): Omit<AccessKeyRecord, 'accessKeyId'> {
  if (!isActive(parent, now)) throw invalid('parent', 'is disabled or has expired')
  if (parent.parent !== null) throw invalid('parent', 'is a child itself')
  return {
    ...parent,
    description: checkedDescription(input.description),
    scope: lesserScope(parent.scope, input.scope),
    parent: parent.accessKeyId,
    createdAt: now,
    expiresAt: earlierEnd(parent.expiresAt, checkedEnd(input.expiresAt, now)),
  }
}

function claimsOfUser(claims: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !CLAIMS_OF_TOKENS.has(name)))
}

function checkedDescription(description: string | undefined): string | null {
  if (description === undefined) return null
  checkText('description', description, DESCRIPTION_BYTES_MAX)
  return description
}

function checkText(argument: string, text: string, bytesMax: number): void {
  if (Buffer.byteLength(text) > bytesMax) throw invalid(argument, `has at most ${bytesMax} bytes`)
}

function checkedEnd(end: Date | undefined, now: Date): Date | null {
  if (end === undefined) return null
  if (!(end > now)) throw invalid('expiresAt', 'is a time to come')
  return end
}

function invalid(argument: string, reason: string): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument, reason })
}
