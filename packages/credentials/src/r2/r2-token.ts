import { hash } from 'node:crypto'
import { secretBytes } from '../secret-bytes.ts'

/** An API token as R2 gives it out, and the S3 credential that it is. */
export interface R2Token {
  /** The access key id: 32 hexadecimal digits. Not a secret. */
  readonly id: string
  /** Shown once. */
  readonly value: string
  /** Of `r2SecretAccessKey`: what requests are signed with, and what is kept, sealed. */
  readonly secretAccessKey: string
}

const ID_BYTES = 16
const VALUE_BYTES = 30

/** Makes an API token. */
export function createR2Token(): R2Token {
  const value = secretBytes(VALUE_BYTES).toString('base64url')
  return { id: secretBytes(ID_BYTES).toString('hex'), value, secretAccessKey: r2SecretAccessKey(value) }
}

/**
 * The secret access key of an API token: SHA-256 of its value, in hexadecimal. Of the value: hashing what R2 shows as "Secret Access
 * Key" would hash it twice.
 */
export function r2SecretAccessKey(tokenValue: string): string {
  return hash('sha256', tokenValue)
}
