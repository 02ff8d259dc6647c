import { TokenError } from '../token-error.ts'
import { StsError } from './sts-request.ts'

/** Refuses the token of a user, as AWS names what is wrong with it. Rethrows whatever is no word on a token. */
export function refuseIdentity(error: unknown): never {
  if (!(error instanceof TokenError)) throw error
  if (error.code === 'expired') throw new StsError('ExpiredTokenException', error.message, { cause: error })
  if (error.code === 'keys-unavailable') throw new StsError('IDPCommunicationError', error.message, { cause: error })
  throw new StsError('InvalidIdentityToken', error.message, { cause: error })
}
