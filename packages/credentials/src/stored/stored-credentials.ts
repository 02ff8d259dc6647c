import { PolicyVersionWatch } from '@stowage/core'
import { readCompactToken } from '../jwt/compact-token.ts'
import { JwtVerifier } from '../jwt/jwt-verifier.ts'
import type { KeyActor } from '../keys/access-key.ts'
import { OpaqueKeys } from '../opaque-keys/opaque-keys.ts'
import type { RemoteKeysSettings } from '../projects/project-verifier.ts'
import { Projects } from '../projects/projects.ts'
import { r2LocalCredentials } from '../r2/r2-local-credentials.ts'
import { issueR2Temporary } from '../r2/r2-temporary-credentials.ts'
import type { R2TemporaryRequest } from '../r2/r2-temporary-request.ts'
import { isR2TokenId, R2Tokens } from '../r2/r2-tokens.ts'
import type { RestCallerOptions } from '../rest/rest-caller.ts'
import { SUPABASE_ROLES } from '../roles.ts'
import type { Roles } from '../roles.ts'
import { refusalOf } from '../s3/refusal-of.ts'
import type { FoundS3Credential, S3Credential, S3CredentialResolver } from '../s3/s3-credential.ts'
import { isTemporaryAccessKeyId } from '../sts/access-key-id.ts'
import { parseSessionPolicy } from '../sts/parse-session-policy.ts'
import { StoredRevocations } from '../sts/stored-revocations.ts'
import { refuseIdentity } from '../sts/refuse-identity.ts'
import { StsError } from '../sts/sts-request.ts'
import type { StsParameters, StsRequest, StsResult } from '../sts/sts-request.ts'
import { TemporaryCredentials } from '../sts/temporary-credentials.ts'
import type { ParentFinder, ParentKey } from '../sts/temporary-credentials.ts'
import { tokenKeys } from '../tokens/token-keys.ts'
import type { TokenSecret } from '../tokens/token-keys.ts'
import { TokenSecrets } from '../tokens/token-secrets.ts'
import { LoadedProjects } from './loaded-projects.ts'
import type { LoadedProject } from './loaded-projects.ts'
import { storedParts } from './stored-parts.ts'
import type { StoredParts, StoredPartsOptions } from './stored-parts.ts'

/** What the stored credentials of a server are made of. */
export interface StoredCredentialsOptions extends StoredPartsOptions {
  /** The keys besides R2's tokens that temporary credentials may be made from: `AccessKeys.resolver()`, and those of a configuration. */
  readonly keys: ParentFinder
  /** The roles that tokens may name, asked again with every request. Default: `SUPABASE_ROLES`. */
  readonly roles?: Roles
  /** How keys are read that issuers publish. Default: over https, from public addresses. */
  readonly remoteKeys?: RemoteKeysSettings
  /**
   * The hosts of our endpoints, and the jurisdiction behind each, for temporary credentials that whoever has a token of R2 signs himself.
   * Default: none, and these are refused: whoever sees the token of one has the whole credential.
   */
  readonly r2Endpoints?: ReadonlyMap<string, string>
}

/** Of temporary credentials that were made from a key, and of no project's user. */
const NO_PROJECT = ''

/**
 * Everything that is stored but S3 access keys: projects and their keys, R2's tokens, and what temporary credentials are made with; and the
 * one resolver that an S3 door needs for all of it. What is changed here counts at once, what is changed elsewhere within a second.
 */
export class StoredCredentials implements S3CredentialResolver {
  readonly projects: Projects
  readonly opaqueKeys: OpaqueKeys
  readonly r2Tokens: R2Tokens
  /** What temporary credentials are signed with. */
  readonly tokenSecrets: TokenSecrets
  readonly revocations: StoredRevocations
  readonly #options: StoredCredentialsOptions
  readonly #parts: StoredParts
  readonly #roles: Roles
  readonly #watch: PolicyVersionWatch
  /** Of the policy version that was heard last. */
  readonly #loaded: LoadedProjects
  #secrets: Promise<readonly TokenSecret[]> | null = null
  #fromKeys: Promise<TemporaryCredentials> | null = null
  #version: number | null = null

  constructor(options: StoredCredentialsOptions) {
    this.#options = options
    this.#roles = options.roles ?? SUPABASE_ROLES
    this.#parts = storedParts(options, () => this.#forget())
    this.projects = new Projects(this.#parts, { allowHttp: options.remoteKeys?.allowHttp ?? false })
    this.opaqueKeys = new OpaqueKeys(this.#parts, async (ref) => (await this.projects.get(ref)) !== null)
    this.r2Tokens = new R2Tokens(this.#parts)
    this.tokenSecrets = new TokenSecrets(this.#parts, 'sts')
    this.revocations = new StoredRevocations(this.#parts)
    this.#loaded = new LoadedProjects({
      parts: this.#parts,
      projects: this.projects,
      opaqueKeys: this.opaqueKeys,
      roles: this.#roles,
      remoteKeys: options.remoteKeys ?? {},
      temporaryOf: (ref, project) => this.#temporaryOf(ref, project),
    })
    this.#watch = new PolicyVersionWatch({
      read: () => this.#parts.documents.policyVersion(),
      heard: (version) => {
        if (this.#version !== null && this.#version !== version) this.#forget()
        this.#version = version
      },
      failed: (error) => this.#parts.observer.event('policy.version-unknown', { error }),
      clock: this.#parts.clock,
      knownSince: null,
    })
  }

  /** The credential of a request; null where none of these has this access key id. */
  find(accessKeyId: string, sessionToken: string | null): FoundS3Credential | Promise<FoundS3Credential> {
    if (sessionToken !== null) return this.#findWithToken(accessKeyId, sessionToken)
    if (!isR2TokenId(accessKeyId)) return null
    const refreshed = this.#watch.refresh()
    return refreshed === null ? this.r2Tokens.find(accessKeyId) : refreshed.then(() => this.r2Tokens.find(accessKeyId))
  }

  async #findWithToken(accessKeyId: string, sessionToken: string): Promise<FoundS3Credential> {
    await this.#watch.refresh()
    if (isTemporaryAccessKeyId(accessKeyId)) return this.#findTemporary(accessKeyId, sessionToken)
    const token = await this.r2Tokens.find(accessKeyId)
    if (token !== null) return (await this.#findLocal(accessKeyId, sessionToken)) ?? token
    const project = await this.#loaded.find(accessKeyId)
    return project === null ? null : project.sessions.find(accessKeyId, sessionToken)
  }

  async #findTemporary(accessKeyId: string, sessionToken: string): Promise<FoundS3Credential> {
    try {
      // Where to look for the key that it is verified with: nothing else is believed.
      const { aud } = readCompactToken(sessionToken).payload
      const ref = typeof aud === 'string' && aud.startsWith(AUDIENCE) ? aud.slice(AUDIENCE.length) : null
      if (ref === NO_PROJECT) return (await this.#temporaryFromKeys()).find(accessKeyId, sessionToken)
      const project = ref === null ? null : await this.#loaded.find(ref)
      return project === null ? { refused: 'invalid-token' } : project.temporary.find(accessKeyId, sessionToken)
    } catch (error) {
      return refusalOf(error)
    }
  }

  async #findLocal(accessKeyId: string, sessionToken: string): Promise<FoundS3Credential> {
    const { r2Endpoints } = this.#options
    const accountId = r2Endpoints === undefined ? null : await this.r2Tokens.accountIdOf(accessKeyId)
    if (r2Endpoints === undefined || accountId === null) return null
    const { clock } = this.#parts
    return r2LocalCredentials({ parents: this.r2Tokens, accountId, endpoints: r2Endpoints, clock }).find(accessKeyId, sessionToken)
  }

  /** Makes a temporary credential from the key that a request was signed with. Fails with a `StsError`. */
  async assumeRole(request: StsParameters, parent: ParentKey): Promise<StsResult> {
    await this.#watch.refresh()
    return (await this.#temporaryFromKeys()).assumeRole(request, parent)
  }

  /**
   * Makes a temporary credential for a user of the project that the role names (`arn:aws:iam::REF:role/…`), or of the only one that there is.
   * Fails with a `StsError`.
   */
  async assumeRoleWithWebIdentity(request: Extract<StsRequest, { readonly action: 'AssumeRoleWithWebIdentity' }>): Promise<StsResult> {
    checkIdentityForm(request.webIdentityToken)
    await this.#watch.refresh()
    const project = await this.#projectOf(request.roleArn)
    return project.temporary.assumeRoleWithWebIdentity(request)
  }

  /** Makes a temporary credential as R2's API does: for whoever may act for the account of the token that it names. Fails with a `StsError`. */
  async issueR2Temporary(request: R2TemporaryRequest, actor: KeyActor = {}): Promise<StsResult> {
    await this.#watch.refresh()
    const credential = await this.#parents.find(request.parentAccessKeyId)
    if (credential === null) throw new StsError('AccessDenied', 'There is no such parent key.')
    const parent = { accessKeyId: request.parentAccessKeyId, credential }
    const issued = await issueR2Temporary(await this.#temporaryFromKeys(), { request, parent })
    const { jti, accessKeyId, expiration: expiresAt } = issued
    const who = { parent: request.parentAccessKeyId, bucket: request.bucket, by: actor.by ?? null }
    this.#parts.observer.event('sts.issued', { action: 'R2Temporary', jti, accessKeyId, ...who, expiresAt })
    return issued
  }

  /** What the credentials of REST requests to a project are held against; null where there is none. */
  async restOptions(ref: string): Promise<RestCallerOptions | null> {
    await this.#watch.refresh()
    const project = await this.#loaded.find(ref)
    if (project === null) return null
    const { account, verifier } = project
    return { projectRef: ref, account, verifier, keys: this.opaqueKeys.finder(ref), roles: this.#roles }
  }

  /** Deletes a project with its keys. */
  async deleteProject(ref: string, actor: KeyActor = {}): Promise<void> {
    await this.projects.delete(ref, actor)
    await this.opaqueKeys.revokeAll(ref, actor)
  }

  /** Seals every secret under the current master key that is not yet; says how many documents. Then no former master key is needed for them. */
  async reseal({ by }: KeyActor = {}): Promise<number> {
    const count = (await this.projects.reseal()) + (await this.r2Tokens.reseal()) + (await this.tokenSecrets.reseal())
    this.#parts.observer.event('credentials.resealed', { count, by: by ?? null })
    return count
  }

  /** Writes down when keys were last used. The store must still be open. */
  async close(): Promise<void> {
    this.#forget()
    await this.#watch.idle()
    await this.opaqueKeys.close()
    await this.r2Tokens.close()
  }

  readonly #parents: ParentFinder = {
    find: async (accessKeyId): Promise<S3Credential | null> =>
      (await this.#options.keys.find(accessKeyId)) ?? (await this.r2Tokens.find(accessKeyId)),
  }

  async #projectOf(roleArn: string | null): Promise<LoadedProject> {
    const [, ref = ''] = /^arn:[^:]*:iam:[^:]*:([^:]*):role\//.exec(roleArn ?? '') ?? []
    const named = await this.#loaded.find(ref)
    if (named !== null) return named
    const only = await this.#loaded.only()
    if (only !== null) return only
    throw new StsError('ValidationError', 'RoleArn must name the project: arn:aws:iam::PROJECT:role/authenticated')
  }

  #temporaryFromKeys(): Promise<TemporaryCredentials> {
    if (this.#fromKeys !== null) return this.#fromKeys
    const { clock } = this.#parts
    const making = this.#temporaryOf(NO_PROJECT, { verifier: new JwtVerifier({ keys: [], clock }), account: null })
    this.#fromKeys = making
    making.catch(() => this.#forget())
    return making
  }

  async #temporaryOf(
    ref: string,
    { verifier, account }: { readonly verifier: JwtVerifier; readonly account: string | null },
  ): Promise<TemporaryCredentials> {
    return new TemporaryCredentials({
      keys: tokenKeys({ purpose: 'sts', project: ref, secrets: await this.#readSecrets() }),
      audience: `${AUDIENCE}${ref}`,
      clock: this.#parts.clock,
      parents: this.#parents,
      revocations: this.revocations.of(ref),
      verifier,
      roles: this.#roles,
      project: ref === NO_PROJECT ? null : ref,
      account,
      readSessionPolicy: parseSessionPolicy,
    })
  }

  #readSecrets(): Promise<readonly TokenSecret[]> {
    if (this.#secrets !== null) return this.#secrets
    const reading = this.tokenSecrets.read()
    this.#secrets = reading
    reading.catch(() => {
      if (this.#secrets === reading) this.#secrets = null
    })
    return reading
  }

  #forget(): void {
    this.#loaded.forget()
    this.#secrets = null
    this.#fromKeys = null
    this.r2Tokens.forget()
    this.revocations.forget()
  }
}

/** What cannot be a token costs nobody a look into the store. */
function checkIdentityForm(token: string): void {
  try {
    readCompactToken(token)
  } catch (error) {
    refuseIdentity(error)
  }
}

/** Before the project's ref in the audience of temporary credentials. */
const AUDIENCE = 'stowage/'
