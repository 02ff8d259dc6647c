import type { JsonValue } from '@stowage/core'

/** What may be set of a project; what is null stays as it is, or is not set. */
export interface ProjectWish {
  readonly description: string | null
  readonly jwks: JsonValue
  readonly jwksUrl: string | null
  readonly issuers: readonly string[] | null
  readonly audiences: readonly string[] | null
  readonly presignWithUserJwt: 'allow' | 'deny' | null
  /** An `anon` token that there is already. */
  readonly anonKey: string | null
}

/** What an operator wants of projects, tokens and temporary credentials, as JSON. */
export type CredentialRequest =
  | ({ readonly do: 'project.create'; readonly ref: string; readonly account: string; readonly jwtSecret: string | null } & ProjectWish)
  | ({ readonly do: 'project.update'; readonly ref: string } & ProjectWish)
  | { readonly do: 'project.list' }
  | { readonly do: 'project.rotate-secret'; readonly ref: string; readonly jwtSecret: string | null; readonly overlapSeconds: number }
  | { readonly do: 'project.legacy-keys' | 'project.delete'; readonly ref: string }
  | {
      readonly do: 'token.create-key'
      readonly project: string
      readonly kind: 'publishable' | 'secret'
      readonly description: string | null
      readonly expiresAt: string | null
    }
  | {
      readonly do: 'token.create-r2'
      readonly account: string
      readonly accountId: string | null
      readonly policies: JsonValue
      readonly description: string | null
      readonly expiresAt: string | null
    }
  | { readonly do: 'token.list'; readonly project: string | null; readonly account: string | null }
  | { readonly do: 'token.rotate'; readonly id: string; readonly overlapSeconds: number }
  | { readonly do: 'token.revoke'; readonly id: string }
  /** As R2's API takes it. */
  | { readonly do: 'temporary.create'; readonly jurisdiction: string; readonly request: JsonValue }
  /** Of one project; the empty one is that of keys. */
  | { readonly do: 'temporary.revoke'; readonly project: string; readonly by: 'jti' | 'sub' | 'sessionId'; readonly value: string }
  | { readonly do: 'temporary.revoke-all' }
  /** Of everything that is sealed; under a new master key first, where that is wanted. */
  | { readonly do: 'reseal'; readonly newMasterKey: boolean }

/** What became of it: secrets that are shown this once, rows of a list, or nothing more to say. */
export type CredentialAnswer =
  | { readonly made: Readonly<Record<string, string>> }
  | { readonly rows: readonly Readonly<Record<string, JsonValue>>[] }
  | { readonly done: true }
  /** How many documents were sealed anew. */
  | { readonly resealed: number }

/** Reads what another process of this user wants. Throws for anything that is no such wish. */
export function parseCredentialRequest(value: unknown): CredentialRequest {
  const wish = new Wish(value)
  const what = wish.text('do')
  switch (what) {
    case 'project.create':
      return {
        do: what,
        ref: wish.text('ref'),
        account: wish.text('account'),
        jwtSecret: wish.textOrNull('jwtSecret'),
        ...projectWish(wish),
      }
    case 'project.update':
      return { do: what, ref: wish.text('ref'), ...projectWish(wish) }
    case 'project.list':
    case 'temporary.revoke-all':
      return { do: what }
    case 'project.rotate-secret':
      return { do: what, ref: wish.text('ref'), jwtSecret: wish.textOrNull('jwtSecret'), overlapSeconds: wish.number('overlapSeconds') }
    case 'project.legacy-keys':
    case 'project.delete':
      return { do: what, ref: wish.text('ref') }
    case 'token.create-key':
      return { do: what, project: wish.text('project'), kind: wish.oneOf('kind', ['publishable', 'secret']), ...tokenWish(wish) }
    case 'token.create-r2': {
      const [account, accountId] = [wish.text('account'), wish.textOrNull('accountId')]
      return { do: what, account, accountId, policies: wish.json('policies'), ...tokenWish(wish) }
    }
    case 'token.list':
      return { do: what, project: wish.textOrNull('project'), account: wish.textOrNull('account') }
    case 'token.rotate':
      return { do: what, id: wish.text('id'), overlapSeconds: wish.number('overlapSeconds') }
    case 'token.revoke':
      return { do: what, id: wish.text('id') }
    case 'reseal':
      return { do: what, newMasterKey: wish.flag('newMasterKey') }
    case 'temporary.create':
      return { do: what, jurisdiction: wish.text('jurisdiction'), request: wish.json('request') }
    case 'temporary.revoke':
      return { do: what, project: wish.text('project'), by: wish.oneOf('by', ['jti', 'sub', 'sessionId']), value: wish.text('value') }
    default:
      throw unknown()
  }
}

function projectWish(wish: Wish): ProjectWish {
  return {
    description: wish.textOrNull('description'),
    jwks: wish.json('jwks'),
    jwksUrl: wish.textOrNull('jwksUrl'),
    issuers: wish.textsOrNull('issuers'),
    audiences: wish.textsOrNull('audiences'),
    presignWithUserJwt:
      wish.textOrNull('presignWithUserJwt') === null ? null : wish.oneOf<'allow' | 'deny'>('presignWithUserJwt', ['allow', 'deny']),
    anonKey: wish.textOrNull('anonKey'),
  }
}

function tokenWish(wish: Wish): { readonly description: string | null; readonly expiresAt: string | null } {
  return { description: wish.textOrNull('description'), expiresAt: wish.textOrNull('expiresAt') }
}

class Wish {
  readonly #fields: Readonly<Record<string, JsonValue | undefined>>

  constructor(value: unknown) {
    if (typeof value !== 'object' || value === null) throw unknown()
    // JSON it was.
    this.#fields = value as Readonly<Record<string, JsonValue | undefined>>
  }

  text(name: string): string {
    const value = this.#fields[name]
    if (typeof value !== 'string') throw unknown()
    return value
  }

  textOrNull(name: string): string | null {
    return (this.#fields[name] ?? null) === null ? null : this.text(name)
  }

  textsOrNull(name: string): readonly string[] | null {
    const value = this.#fields[name] ?? null
    if (value === null) return null
    if (!Array.isArray(value)) throw unknown()
    return value.map((each) => {
      if (typeof each !== 'string') throw unknown()
      return each
    })
  }

  number(name: string): number {
    const value = this.#fields[name]
    if (typeof value !== 'number') throw unknown()
    return value
  }

  flag(name: string): boolean {
    const value = this.#fields[name]
    if (typeof value !== 'boolean') throw unknown()
    return value
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T {
    const text = this.text(name)
    const found = values.find((value) => value === text)
    if (found === undefined) throw unknown()
    return found
  }

  json(name: string): JsonValue {
    return this.#fields[name] ?? null
  }
}

function unknown(): Error {
  return new Error('The server that has this directory open does not understand this about credentials: it is of another version.')
}
