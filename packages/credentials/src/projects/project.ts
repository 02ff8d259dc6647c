import type { JsonObject } from '@stowage/core'
import type { KeyActor } from '../keys/access-key.ts'

/** A shared secret that user tokens of a project are signed with, but for the secret itself. */
export interface ProjectSecretInfo {
  readonly id: string
  readonly createdAt: Date
  /** From then on tokens that it signed are refused; null for the one that is current. */
  readonly expiresAt: Date | null
}

/** What is known of a project, but for its secrets. */
export interface ProjectInfo {
  /** Its name in access key ids, in opaque keys and in role ARNs. Never another project's, not even when it is gone. */
  readonly ref: string
  /** Whose buckets a role that bypasses row-level security owns. */
  readonly account: string
  readonly description: string | null
  /** HS256, the current one first. */
  readonly jwtSecrets: readonly ProjectSecretInfo[]
  /** Public keys at hand, as JWKs: those that sign asymmetrically. */
  readonly jwks: readonly JsonObject[]
  /** Where an issuer publishes more of them. */
  readonly jwksUrl: string | null
  /** Who may have issued a token; null for whoever has the key. */
  readonly issuers: readonly string[] | null
  /** For whom it may be meant; null for anybody. */
  readonly audiences: readonly string[] | null
  /** Supabase's older `anon` tokens: public, and sessions are signed with them too. Each goes with the secret that signed it. */
  readonly anonKeys: readonly { readonly key: string; readonly expiresAt: Date | null }[]
  readonly presignWithUserJwt: 'allow' | 'deny'
  readonly createdAt: Date
}

/** How a project verifies the tokens of its users, and what else may be set. */
export interface ProjectSettings {
  readonly description?: string
  /** A JWKS of public keys (RFC 7517 section 5). Default: none. Shared secrets do not belong in it. */
  readonly jwks?: JsonObject | null
  /** `https://…`. Default: none. Needs `issuers` or `audiences`: its keys sign tokens for others, too. */
  readonly jwksUrl?: string | null
  readonly issuers?: readonly string[] | null
  readonly audiences?: readonly string[] | null
  /** Default `allow`. */
  readonly presignWithUserJwt?: 'allow' | 'deny'
}

/** What a project is to be. */
export interface CreateProjectInput extends ProjectSettings, KeyActor {
  /** 3 to 63 of a-z, 0-9 and hyphens. */
  readonly ref: string
  readonly account: string
  /** A shared secret that there is already, of 32 bytes at least. Default: a new one, unless there is a JWKS or its address; null for none. */
  readonly jwtSecret?: string | null
}

/** How the shared secret of a project is replaced. */
export interface RotateSecretOptions extends KeyActor {
  /** Default: a new one. */
  readonly jwtSecret?: string
  /** How long tokens of the former one are still good. Default 0. */
  readonly overlapSeconds?: number
}

/** The tokens in place of keys that Supabase had before opaque ones. Both are good for ten years, or until the secret is replaced. */
export interface LegacyKeys {
  readonly anonKey: string
  /** Shown this once. */
  readonly serviceRoleKey: string
}
