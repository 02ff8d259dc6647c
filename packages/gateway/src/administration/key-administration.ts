import { decodeScope, encodeScope } from '@stowage/core'
import type { JsonObject, JsonValue } from '@stowage/core'
import type { AccessKeyInfo, AccessKeys, CreateAccessKeyInput, NewAccessKey } from '@stowage/credentials'

/** What an operator wants of the stored keys, as JSON. */
export type KeyRequest =
  | {
      readonly do: 'create'
      /** Whose key it is to be; null with `parent`. */
      readonly account: string | null
      /** The id of the key that it is made from; null for none. */
      readonly parent: string | null
      readonly description: string | null
      /** The role that it acts in, and the user behind it with what is known of them; null for the account itself. Not with `parent`. */
      readonly as: { readonly role: string; readonly sub: string | null; readonly claims: JsonObject } | null
      /** What it may do at most, as `decodeScope` reads it; null for no ceiling. */
      readonly scope: JsonValue
      /** ISO 8601; null for no end. */
      readonly expiresAt: string | null
    }
  | { readonly do: 'list'; readonly account: string | null; readonly after: string | null }
  | { readonly do: 'rotate' | 'disable' | 'enable' | 'revoke'; readonly id: string }

/** A stored key as JSON. */
export type ShownKey = Omit<AccessKeyInfo, 'scope' | 'createdAt' | 'expiresAt' | 'lastUsedAt'> & {
  readonly scope: JsonValue
  readonly createdAt: string
  readonly expiresAt: string | null
  readonly lastUsedAt: string | null
}

/** What became of it: a pair that is shown this once, a page of keys, or nothing more to say. */
export type KeyAnswer =
  | { readonly made: NewAccessKey }
  | { readonly keys: readonly ShownKey[]; readonly next: string | null }
  | { readonly done: true }

/** Who does it, in the audit events. */
const BY = 'operator'

/** Does what an operator wants of the stored keys. Rejects with the errors of `AccessKeys`. */
export async function administerKeys(keys: AccessKeys, request: KeyRequest): Promise<KeyAnswer> {
  switch (request.do) {
    case 'create':
      return { made: await create(keys, request) }
    case 'list': {
      const { account, after } = request
      const page = await keys.list({ after, ...(account === null ? {} : { account }) })
      return { keys: page.keys.map(shown), next: page.next }
    }
    case 'rotate':
      return { made: await keys.rotate(request.id, { by: BY }) }
    case 'disable':
      await keys.disable(request.id, { by: BY })
      return { done: true }
    case 'enable':
      await keys.enable(request.id, { by: BY })
      return { done: true }
    case 'revoke':
      await keys.revoke(request.id, { by: BY })
      return { done: true }
  }
}

function create(keys: AccessKeys, request: KeyRequest & { readonly do: 'create' }): Promise<NewAccessKey> {
  const { account, parent, description, expiresAt } = request
  const common = {
    by: BY,
    ...(description === null ? {} : { description }),
    ...(expiresAt === null ? {} : { expiresAt: new Date(expiresAt) }),
  }
  const scope = request.scope === null ? null : decodeScope(request.scope)
  if (parent !== null) return keys.createChild({ ...common, parent, scope: scope ?? {} })
  return keys.create({ ...common, ...userOf(request.as), account: account ?? '', ...(scope === null ? {} : { scope }) })
}

function userOf(as: (KeyRequest & { readonly do: 'create' })['as']): Pick<CreateAccessKeyInput, 'role' | 'sub' | 'claims'> {
  if (as === null) return {}
  const { role, sub, claims } = as
  // An object it was, where it was parsed.
  return { role, claims: claims as Readonly<Record<string, JsonValue>>, ...(sub === null ? {} : { sub }) }
}

function shown({ scope, createdAt, expiresAt, lastUsedAt, ...rest }: AccessKeyInfo): ShownKey {
  return {
    ...rest,
    scope: scope === null ? null : encodeScope(scope),
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  }
}
