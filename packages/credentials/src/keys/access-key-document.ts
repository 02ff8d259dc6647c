import { decodeScope, encodeScope, StorageError } from '@stowage/core'
import type { JsonValue, Scope } from '@stowage/core'
import type { AccessKeyInfo } from './access-key.ts'

/** The kinds of documents that keys are kept in. Ids are access key ids in lower case: two that differ by case only would be mixed up. */
export const KEY_KINDS = {
  /** The key, with its sealed secret. */
  key: 'access-key',
  /** When it was last used; there as long as the key is. */
  use: 'access-key-use',
  /** That there was such a key: its id is given to no other one. */
  revoked: 'revoked-access-key',
  /** How many keys an account has; its id is the account's. */
  count: 'access-key-count',
} as const

/** What the document of a key says. */
export type AccessKeyRecord = Omit<AccessKeyInfo, 'id' | 'lastUsedAt'>

/** The id of a key's documents. */
export function keyDocumentId(accessKeyId: string): string {
  return accessKeyId.toLowerCase()
}

/** A key as JSON. Throws `InvalidArgument` for a scope that is none. */
export function encodeKey(record: AccessKeyRecord): JsonValue {
  const { scope, claims, createdAt, expiresAt, ...rest } = record
  return {
    ...rest,
    // Held against JSON by the store.
    claims: claims as JsonValue,
    scope: scope === null ? null : encodeScope(scope),
    createdAt: createdAt.getTime(),
    expiresAt: expiresAt?.getTime() ?? null,
  }
}

/** Reads what `encodeKey` wrote. Throws `StoreUnavailable` for anything else: a key that is not understood whole is not used. */
export function decodeKey(body: JsonValue): AccessKeyRecord {
  const fields = objectOf(body)
  return {
    accessKeyId: textOf(fields['accessKeyId']),
    account: textOf(fields['account']),
    description: textOrNull(fields['description']),
    role: textOrNull(fields['role']),
    sub: textOrNull(fields['sub']),
    claims: objectOf(fields['claims']),
    scope: fields['scope'] === null ? null : scopeOf(fields['scope']),
    parent: textOrNull(fields['parent']),
    createdAt: new Date(numberOf(fields['createdAt'])),
    expiresAt: fields['expiresAt'] === null ? null : new Date(numberOf(fields['expiresAt'])),
    disabled: flagOf(fields['disabled']),
  }
}

/** A number under a name, as the small documents beside a key have one; null where it is null. */
export function numberIn(body: JsonValue, name: string): number | null {
  const value = objectOf(body)[name]
  return value === null ? null : numberOf(value)
}

type Field = JsonValue | undefined

function objectOf(value: Field): Readonly<Record<string, JsonValue>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged()
  // What is neither null nor a list is an object.
  return value as Readonly<Record<string, JsonValue>>
}

function textOf(value: Field): string {
  if (typeof value !== 'string') throw damaged()
  return value
}

function textOrNull(value: Field): string | null {
  return value === null ? null : textOf(value)
}

function numberOf(value: Field): number {
  if (typeof value !== 'number') throw damaged()
  return value
}

function flagOf(value: Field): boolean {
  if (typeof value !== 'boolean') throw damaged()
  return value
}

function scopeOf(value: Field): Scope {
  try {
    return decodeScope(value)
  } catch (error) {
    throw damaged(error)
  }
}

function damaged(cause?: unknown): StorageError<'StoreUnavailable'> {
  const reason = 'a stored key says what this release does not understand'
  return new StorageError('StoreUnavailable', { store: 'access keys', reason }, { cause })
}
