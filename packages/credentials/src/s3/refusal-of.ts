import { TokenError } from '../token-error.ts'
import type { S3CredentialRefusal } from './s3-credential.ts'

/** What an S3 door is told of a token that failed. Rethrows whatever is no word on a token. */
export function refusalOf(error: unknown): S3CredentialRefusal {
  if (!(error instanceof TokenError)) throw error
  if (error.code === 'expired') return { refused: 'expired-token' }
  return { refused: error.code === 'keys-unavailable' ? 'unavailable' : 'invalid-token' }
}
