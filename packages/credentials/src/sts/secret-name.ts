import { createHmac, timingSafeEqual } from 'node:crypto'
import type { DerivedKeys } from '../tokens/token-keys.ts'

/** What stands behind a temporary credential, with its secret: a key of ours, or the one that has signed a user's token. */
export type NamedSecret =
  | { readonly kind: 'key'; readonly accessKeyId: string; readonly account: string | null; readonly secretAccessKey: string }
  /** See `JwtKey.fingerprint`. */
  | { readonly kind: 'jwt'; readonly fingerprint: string }

const NAME_BYTES = 16

/**
 * Names a secret in a token: another secret has another name. By HMAC under a key of ours (RFC 2104), 128 bits of it: by a mere digest,
 * whoever has the token could try secrets until one fits, without asking us.
 */
export function secretName(secret: NamedSecret, { naming }: DerivedKeys): string {
  const parts = secret.kind === 'key' ? [secret.accessKeyId, secret.account, secret.secretAccessKey] : [secret.fingerprint]
  // As JSON, so that no id can be spelt to look like another one and its secret.
  const mac = createHmac('sha256', naming).update(JSON.stringify([secret.kind, ...parts]))
  return mac.digest().subarray(0, NAME_BYTES).toString('base64url')
}

/** Whether it is this secret that was named, in a time that says nothing. */
export function isSecretNamed(name: string, secret: NamedSecret, keys: DerivedKeys): boolean {
  const [given, own] = [Buffer.from(name), Buffer.from(secretName(secret, keys))]
  return given.length === own.length && timingSafeEqual(given, own)
}
