import { StorageError } from '@stowage/core'
import { secretBytes } from '../secret-bytes.ts'

/** An access key id and its secret. */
export interface AccessKeyPair {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const ID_LETTERS = 16
const SECRET_BYTES = 30
const SECRET_LENGTH_MIN = 8
const SECRET_LENGTH_MAX = 256

/** A new pair in the shape of AWS's own, so that tools which check it are content: AKIA and 16 letters or digits, and 40 characters. */
export function newAccessKeyPair(): AccessKeyPair {
  const letters = Array.from(secretBytes(ID_LETTERS), (byte) => LETTERS[byte % LETTERS.length]).join('')
  return { accessKeyId: `AKIA${letters}`, secretAccessKey: newSecret() }
}

/** A new secret. It begins with no dash: on a command line it would be an option. */
export function newSecret(): string {
  for (;;) {
    const secret = secretBytes(SECRET_BYTES).toString('base64url')
    if (!secret.startsWith('-')) return secret
  }
}

/** Whether a text can be an access key id at all: others need not be looked for. */
export function isAccessKeyId(text: string): boolean {
  return /^[A-Za-z0-9_.-]{3,128}$/.test(text)
}

/** Refuses a pair that no client could use. Never repeats the secret. */
export function checkPair({ accessKeyId, secretAccessKey }: AccessKeyPair): void {
  // A slash would break the credential scope of signatures.
  if (!isAccessKeyId(accessKeyId)) throw invalid('accessKeyId', 'is 3 to 128 of A-Z a-z 0-9 _ . -')
  if (secretAccessKey.length < SECRET_LENGTH_MIN || secretAccessKey.length > SECRET_LENGTH_MAX) {
    throw invalid('secretAccessKey', `has ${SECRET_LENGTH_MIN} to ${SECRET_LENGTH_MAX} characters`)
  }
}

function invalid(argument: string, reason: string): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument, reason })
}
