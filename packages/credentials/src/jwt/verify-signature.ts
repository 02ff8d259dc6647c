import { compactVerify, errors } from 'jose'
import type { JsonObject } from '@stowage/core'
import { readJsonObject } from '../read-json-object.ts'
import { TokenError } from '../token-error.ts'
import type { JwtKey } from './jwt-key.ts'

/** The payload of a token that this key has signed; null where it has not. Only by the algorithm of our record. */
export async function verifySignature(token: string, { key, alg }: JwtKey): Promise<JsonObject | null> {
  try {
    const { payload } = await compactVerify(token, key, { algorithms: [alg] })
    return readJsonObject(payload)
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return null
    throw new TokenError('malformed', 'The token cannot be verified.', { cause: error })
  }
}
