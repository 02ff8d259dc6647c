import type { JwtVerifier } from '../jwt/jwt-verifier.ts'
import { VerifiedTokens } from '../jwt/verified-tokens.ts'
import { BoundedCache } from '../keys/bounded-cache.ts'
import type { OpaqueKeys } from '../opaque-keys/opaque-keys.ts'
import { projectVerifier } from '../projects/project-verifier.ts'
import type { RemoteKeysSettings } from '../projects/project-verifier.ts'
import type { OpenedProject, Projects } from '../projects/projects.ts'
import { isProjectRef } from '../projects/projects.ts'
import type { Roles } from '../roles.ts'
import type { S3CredentialResolver } from '../s3/s3-credential.ts'
import { sessionTokenCredentials } from '../s3/session-token-credentials.ts'
import type { TemporaryCredentials } from '../sts/temporary-credentials.ts'
import { isCurrent } from './stored-parts.ts'
import type { StoredParts } from './stored-parts.ts'

/** What the requests to a project are held against. */
export interface LoadedProject {
  readonly ref: string
  readonly account: string
  readonly verifier: JwtVerifier
  readonly sessions: S3CredentialResolver
  readonly temporary: TemporaryCredentials
}

/** What projects are loaded with. */
export interface LoadedProjectsOptions {
  /** Clock and store. */
  readonly parts: StoredParts
  /** Where they are. */
  readonly projects: Projects
  /** Where the keys are that their sessions are signed with. */
  readonly opaqueKeys: OpaqueKeys
  /** The roles that tokens may name. */
  readonly roles: Roles
  /** How keys are read that issuers publish. */
  readonly remoteKeys: RemoteKeysSettings
  /** Makes what the temporary credentials of a project's users are made with. */
  readonly temporaryOf: (
    ref: string,
    project: { readonly verifier: JwtVerifier; readonly account: string },
  ) => Promise<TemporaryCredentials>
}

const PROJECTS_KEPT_MAX = 1000
const REMEMBERED = { countMax: 10_000, bytesMax: 32 * 2 ** 20 }

/** Projects as requests need them, kept ready until somebody says that they may have changed. */
export class LoadedProjects {
  readonly #options: LoadedProjectsOptions
  readonly #verifiers = new BoundedCache<{ readonly version: number; readonly verifier: JwtVerifier }>(PROJECTS_KEPT_MAX)
  /** Of all projects together: none of them is to take more of our memory than there is. */
  readonly #remembered = new VerifiedTokens(REMEMBERED)
  #known = new BoundedCache<Promise<LoadedProject | null>>(PROJECTS_KEPT_MAX)
  #onlyRef: Promise<string | null> | null = null

  constructor(options: LoadedProjectsOptions) {
    this.#options = options
  }

  /** The project of this ref; null where there is none. */
  async find(ref: string): Promise<LoadedProject | null> {
    return isProjectRef(ref) ? this.#find(ref) : null
  }

  /** The only project that there is; null where there are more, or none. */
  async only(): Promise<LoadedProject | null> {
    // Strangers ask for it as often as they like.
    const asking = this.#onlyRef ?? this.#options.projects.onlyRef()
    this.#onlyRef = asking
    asking.catch(() => {
      if (this.#onlyRef === asking) this.#onlyRef = null
    })
    const ref = await asking
    return ref === null ? null : this.#find(ref)
  }

  /** What is asked from now on is as the store has it now. */
  forget(): void {
    // Loading that is under way may be from before: it answers those who wait for it, and nobody else.
    this.#known = new BoundedCache(PROJECTS_KEPT_MAX)
    this.#onlyRef = null
  }

  #find(ref: string): Promise<LoadedProject | null> {
    const known = this.#known
    const there = known.get(ref)
    if (there !== undefined) return there
    const loading = this.#load(ref)
    known.set(ref, loading)
    // Absence is not kept: whoever makes up names must not push out what there is.
    const drop = (): void => known.delete(ref)
    loading.then((project) => project === null && drop(), drop)
    return loading
  }

  async #load(ref: string): Promise<LoadedProject | null> {
    const { projects, opaqueKeys, parts, temporaryOf } = this.#options
    const opened = await projects.open(ref)
    if (opened === null) return null
    const { account, anonKeys, presignWithUserJwt } = opened.project
    const verifier = this.#verifierOf(ref, opened)
    const keys = [...(await opaqueKeys.publishable(ref)), ...anonKeys]
    const publicKeys = (): readonly string[] => keys.filter((each) => isCurrent(each, parts.clock())).map(({ key }) => key)
    return {
      ref,
      account,
      verifier,
      sessions: sessionTokenCredentials({ projectRef: ref, publicKeys, verifier, account, presignWithUserJwt }),
      temporary: await temporaryOf(ref, { verifier, account }),
    }
  }

  /** The same as long as the project is: it remembers the keys of its issuer, and verified tokens. */
  #verifierOf(ref: string, opened: OpenedProject): JwtVerifier {
    const known = this.#verifiers.get(ref)
    if (known?.version === opened.version) return known.verifier
    const { parts, roles, remoteKeys } = this.#options
    const verifier = projectVerifier(opened, { clock: parts.clock, roles, remoteKeys, remembered: this.#remembered })
    this.#verifiers.set(ref, { version: opened.version, verifier })
    return verifier
  }
}
