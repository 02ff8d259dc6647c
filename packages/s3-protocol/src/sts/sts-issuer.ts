import type { Credential } from '../sigv4/credentials.ts'

/** What every request for temporary credentials may say; null for what it does not. */
export interface StsParameters {
  readonly durationSeconds: number | null
  /** A session policy, as it came. */
  readonly policy: string | null
  readonly roleArn: string | null
  readonly roleSessionName: string | null
}

/** A request in the name of a user, whose token nobody has verified yet. */
export interface WebIdentityRequest extends StsParameters {
  readonly action: 'AssumeRoleWithWebIdentity'
  readonly webIdentityToken: string
}

/** A temporary credential, to be shown once. */
export interface IssuedCredential {
  /** Names it for good, and is no secret: by it one credential is taken back. */
  readonly jti: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly expiration: Date
  /** The user that it stands for; null where it stands for a key. */
  readonly sub: string | null
  /** Whose user that is: a sub is one user's in its project only. Null where there are no projects, or no user. */
  readonly project: string | null
}

/**
 * Makes temporary credentials; `TemporaryCredentials` of `@stowage/credentials` is one. Refuses with an `Error` of the name `StsError` that
 * has one of AWS's codes as `code`, and a message that may be shown; whatever else it rejects with is a fault of ours.
 */
export interface StsIssuer {
  /** From the credential that the request was signed with. */
  assumeRole(request: StsParameters, parent: { readonly accessKeyId: string; readonly credential: Credential }): Promise<IssuedCredential>
  assumeRoleWithWebIdentity(request: WebIdentityRequest): Promise<IssuedCredential>
}
