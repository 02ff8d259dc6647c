import { hash } from 'node:crypto'
import type { JwtVerifier, VerifiedJwt } from '../jwt/jwt-verifier.ts'
import { userCaller } from '../user-caller.ts'
import { refusalOf } from './refusal-of.ts'
import type { FoundS3Credential, S3CredentialResolver, S3SigningSecret } from './s3-credential.ts'

/** What the session of a user is held against. */
export interface SessionTokenCredentialsOptions {
  /** The access key id of every session. */
  readonly projectRef: string
  /** The keys that sessions are signed with: the publishable ones that are active, and the `anon` token. Eight at most. */
  readonly publicKeys: () => readonly string[] | Promise<readonly string[]>
  /** Verifies the token, which is the one thing about a session that is secret. */
  readonly verifier: JwtVerifier
  /** Whose buckets the project's are. */
  readonly account: string | null
  /** Whether a token may name a role that bypasses row-level security. Default false: such a token is for servers, which have keys. */
  readonly allowBypassRls?: boolean
  /**
   * Whether URLs may be presigned with a session. Default `allow`. Such a URL has the token in it, and the key beside it is public:
   * whoever has the URL is the user, for anything, until the token expires.
   */
  readonly presignWithUserJwt?: 'allow' | 'deny'
}

const SECRETS_MAX = 8

/**
 * S3 on behalf of a signed-in user: the access key id is the project, the secret any of its public keys, the session token the user's
 * JWT. The caller is the same as that of the JWT shown anywhere else.
 */
export function sessionTokenCredentials(options: SessionTokenCredentialsOptions): S3CredentialResolver {
  return {
    // Without a token there is no session: the public keys alone sign nothing.
    find: (accessKeyId, sessionToken) =>
      accessKeyId === options.projectRef && sessionToken !== null ? findSession(sessionToken, options) : null,
  }
}

async function findSession(sessionToken: string, options: SessionTokenCredentialsOptions): Promise<FoundS3Credential> {
  const { projectRef, account, verifier, allowBypassRls = false, presignWithUserJwt = 'allow' } = options
  let jwt: VerifiedJwt
  try {
    jwt = await verifier.verify(sessionToken)
  } catch (error) {
    return refusalOf(error)
  }
  if (jwt.bypassRls && !allowBypassRls) return { refused: 'invalid-token' }
  const [secret, ...otherSecrets] = (await options.publicKeys()).slice(0, SECRETS_MAX).map(signingSecret)
  if (secret === undefined) return null
  return {
    id: `session/${projectRef}`,
    ...secret,
    otherSecrets,
    sessionToken,
    expiresAt: jwt.exp,
    presigning: presignWithUserJwt,
    caller: userCaller(jwt, { account, credentialId: null }),
  }
}

function signingSecret(secretAccessKey: string): S3SigningSecret {
  return { version: hash('sha256', secretAccessKey), secretAccessKey }
}
