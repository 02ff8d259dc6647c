/** What every request for temporary credentials may say, as read from its form; null for what it does not. */
export interface StsParameters {
  /** How long the credential is to be good. Default 3,600; 900 to 43,200. It never outlives what it was made from. */
  readonly durationSeconds: number | null
  /** A session policy: what the credential may do at most, besides what its parent may. */
  readonly policy: string | null
  /** The role that is asked for, as AWS names it. There is one for each caller: it is echoed, and decides nothing. */
  readonly roleArn: string | null
  /** A name for logs. */
  readonly roleSessionName: string | null
}

/** A request to the security token service, authenticated (AssumeRole) or to be (AssumeRoleWithWebIdentity). */
export type StsRequest =
  | ({ readonly action: 'AssumeRole' } & StsParameters)
  | ({
      readonly action: 'AssumeRoleWithWebIdentity'
      /** A user's JWT. */
      readonly webIdentityToken: string
    } & StsParameters)

/** A temporary credential, made once and kept nowhere. */
export interface StsResult {
  /** Names it for good, and is no secret: by it one credential is taken back. */
  readonly jti: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly expiration: Date
  /** Who it stands for: the user of a web identity; null where it stands for a key. */
  readonly sub: string | null
  /** Whose user that is: a sub is one user's in its project only. Null where there are no projects, or no user. */
  readonly project: string | null
}

/** Why no temporary credential was made: AWS's names (API reference of STS, "Common errors" and those of each action). */
export type StsErrorCode =
  | 'AccessDenied'
  | 'ExpiredTokenException'
  | 'IDPCommunicationError'
  | 'InvalidIdentityToken'
  | 'MalformedPolicyDocument'
  | 'PackedPolicyTooLarge'
  | 'ValidationError'

/** Refuses a request for temporary credentials. The message may be shown to whoever sent it. */
export class StsError extends Error {
  override readonly name = 'StsError'
  readonly code: StsErrorCode

  constructor(code: StsErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
  }
}
