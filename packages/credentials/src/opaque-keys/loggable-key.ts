import { opaqueKeyDigest } from './opaque-key.ts'

/** What a log may say of a key that a request showed. */
export interface LoggableKey {
  /** What it looks like, by how it begins. */
  readonly kind: 'publishable' | 'secret' | 'jwt' | 'other'
  /** How many characters it has. */
  readonly length: number
  /** The id under which it is stored; null for a key that is not. */
  readonly keyId: string | null
  /** SHA-256 of a key that is stored; null for any other. */
  readonly digest: string | null
}

/**
 * What may be logged of a presented key. Of one that is not stored: what it looks like and how long it is, no more. It may be a good
 * key with a typo, and the log would be one guess away from it; so would its digest be.
 */
export function loggableKey(presented: string, keyId: string | null): LoggableKey {
  return { kind: kindOf(presented), length: presented.length, keyId, digest: keyId === null ? null : opaqueKeyDigest(presented) }
}

function kindOf(presented: string): LoggableKey['kind'] {
  if (presented.startsWith('sb_publishable_')) return 'publishable'
  if (presented.startsWith('sb_secret_')) return 'secret'
  return presented.split('.').length === 3 ? 'jwt' : 'other'
}
