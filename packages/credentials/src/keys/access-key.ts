import type { Caller, JsonObject, JsonValue, Scope } from '@stowage/core'

/** What is known of a stored key, but for its secret. */
export interface AccessKeyInfo {
  /** Names the key for as long as there are keys, and is never another's: the access key id itself. */
  readonly id: string
  readonly accessKeyId: string
  /** Whose buckets its caller owns. */
  readonly account: string
  readonly description: string | null
  /** The role that its caller has; null for the account itself. */
  readonly role: string | null
  readonly sub: string | null
  readonly claims: JsonObject
  /** What it may do at most; null for no ceiling. A child's is held against its parent's of today, too. */
  readonly scope: Scope | null
  /** The id of the key that it was made from; null for one of its own right. */
  readonly parent: string | null
  readonly createdAt: Date
  /** From then on it is refused. */
  readonly expiresAt: Date | null
  readonly disabled: boolean
  /** When a request last named it, to the minute; null where none has. */
  readonly lastUsedAt: Date | null
}

/** A key with its secret, which is shown this once. */
export interface NewAccessKey {
  readonly id: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Who does something to a key, for audit. */
export interface KeyActor {
  /** An account, a person, a command: whatever tells them apart. Default: null, nobody says. */
  readonly by?: string | null
}

/** What a key is to be. */
export interface CreateAccessKeyInput extends KeyActor {
  readonly account: string
  readonly description?: string
  /** One of the roles that there are. Default: none, and the caller is the account. */
  readonly role?: string
  /** The user that a role stands for. */
  readonly sub?: string
  /** What policies may read of the user. `iss`, `issuer`, `exp` and `iat` belong to tokens and are left out. */
  readonly claims?: Readonly<Record<string, JsonValue>>
  readonly scope?: Scope
  readonly expiresAt?: Date
  /** A pair that exists already, elsewhere. Default: a new one. */
  readonly pair?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/** What a key that is made from another one is to be. Account, role and claims are its parent's. */
export interface CreateChildKeyInput extends KeyActor {
  /** The id of a key that is not itself a child. */
  readonly parent: string
  readonly description?: string
  /** Of which it gets what its parent has, too. */
  readonly scope: Scope
  /** Default: its parent's. Never later than that. */
  readonly expiresAt?: Date
}

/** A key that requests may be signed with: the shape that the S3 door takes. */
export interface KeyCredential {
  readonly id: string
  /** Another one whenever the secret is. */
  readonly version: string
  readonly secretAccessKey: string
  /** From this moment on it is refused, and whatever was made from it: temporary credentials, signed URLs. Absent: never. */
  readonly expiresAt?: Date
  readonly caller: Caller
}

/** A page of keys, by id without regard to case. */
export interface AccessKeyPage {
  readonly keys: readonly AccessKeyInfo[]
  /** To be given as `after`; null on the last page. */
  readonly next: string | null
}
