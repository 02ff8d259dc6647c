import type { KeyActor } from '../keys/access-key.ts'
import { jwtSecret as jwtSecretKey } from '../jwt/jwt-key.ts'
import { secretBytes } from '../secret-bytes.ts'
import { announce, checkedAccount, invalid, isCurrent, overlapEnd } from '../stored/stored-parts.ts'
import type { StoredParts } from '../stored/stored-parts.ts'
import { StoredRecords } from '../stored/stored-records.ts'
import type { ChangedRecord, StoredRecord } from '../stored/stored-records.ts'
import { signLegacyKeys } from './legacy-keys.ts'
import type { CreateProjectInput, LegacyKeys, ProjectInfo, ProjectSettings, RotateSecretOptions } from './project.ts'
import { PROJECT_KIND } from './project-record.ts'
import type { ProjectRecord } from './project-record.ts'
import { openSecrets, sealSecrets } from './project-secrets.ts'
import type { NamedSecrets } from './project-secrets.ts'
import { withSettings } from './project-settings.ts'

/** A project and the secret that was made for it, which is shown this once; null where none was made. */
export interface NewProject {
  readonly project: ProjectInfo
  readonly jwtSecret: string | null
}

/** A project with the secrets that are good now. */
export interface OpenedProject {
  readonly project: ProjectInfo
  /** Of the document: another one whenever anything about the project is. */
  readonly version: number
  readonly secrets: NamedSecrets
}

const PROJECTS_MAX = 10_000
const SECRETS_MAX = 8
const SECRET_BYTES = 36
const ID_BYTES = 6
const NOTHING_SET = { description: null, jwks: [], jwksUrl: null, issuers: null, audiences: null, presignWithUserJwt: 'allow' } as const

/**
 * Projects: how the tokens of their users are verified, and whose buckets theirs are. A project is to credentials what a Supabase project
 * is. What is changed counts here at once, elsewhere within a second. Methods that change one reject with `InvalidArgument` where there is none.
 */
export class Projects {
  readonly #parts: StoredParts
  readonly #records: StoredRecords<ProjectRecord>
  readonly #allowHttp: boolean

  constructor(parts: StoredParts, { allowHttp }: { readonly allowHttp: boolean }) {
    this.#parts = parts
    this.#records = new StoredRecords(parts.documents, PROJECT_KIND)
    this.#allowHttp = allowHttp
  }

  /** Makes a project. Rejects with `InvalidArgument` for a ref that is, or was, another one's. */
  async create(input: CreateProjectInput): Promise<NewProject> {
    const { ref } = input
    if (!isProjectRef(ref)) throw invalid('ref', 'has 3 to 63 of a-z, 0-9 and hyphens')
    const settings = withSettings(NOTHING_SET, input, { allowHttp: this.#allowHttp })
    const isSigned = settings.jwks.length > 0 || settings.jwksUrl !== null
    const made = input.jwtSecret === undefined && !isSigned ? newSecret() : null
    const secret = input.jwtSecret ?? made
    if (secret !== null) checkSecret(secret)
    const createdAt = this.#parts.clock()
    const id = newId()
    const project: ProjectInfo = {
      ref,
      account: checkedAccount(input.account),
      ...settings,
      jwtSecrets: secret === null ? [] : [{ id, createdAt, expiresAt: null }],
      anonKeys: [],
      createdAt,
    }
    if ((await this.#records.all()).length >= PROJECTS_MAX) throw invalid('ref', `would be one of more than ${PROJECTS_MAX}`)
    const sealed = await this.#seal(ref, new Map(secret === null ? [] : [[id, secret]]))
    if (!(await this.#records.add(ref, { record: project, sealed }))) throw invalid('ref', 'is, or was, that of another project')
    announce(this.#parts, 'project.created', { ref, account: project.account, actor: input })
    return { project, jwtSecret: made }
  }

  /** One project; null where there is none. */
  async get(ref: string): Promise<ProjectInfo | null> {
    return isProjectRef(ref) ? ((await this.#records.read(ref))?.record ?? null) : null
  }

  /** All projects, by ref. */
  async list(): Promise<readonly ProjectInfo[]> {
    return (await this.#records.all()).map(({ record }) => record)
  }

  /** The ref of the only project; null where there is none, or another one. */
  async onlyRef(): Promise<string | null> {
    const [only, another] = await this.#records.first(2)
    return only === undefined || another !== undefined ? null : only.id
  }

  /** Sets what is given, and leaves the rest. */
  async update(ref: string, settings: ProjectSettings & KeyActor): Promise<ProjectInfo> {
    const project = await this.#change(ref, ({ record, sealed }) => {
      const changed = { ...record, ...withSettings(record, settings, { allowHttp: this.#allowHttp }) }
      return { record: changed, sealed }
    })
    announce(this.#parts, 'project.changed', { ref, actor: settings })
    return project
  }

  /**
   * Replaces the shared secret. Whatever the former one signed is good for the overlap, and no longer: user tokens, and the tokens in place
   * of keys. Gives back the secret where it is a new one, which is shown this once.
   */
  async rotateSecret(ref: string, options: RotateSecretOptions = {}): Promise<NewProject> {
    const now = this.#parts.clock()
    const end = overlapEnd(options.overlapSeconds ?? 0, now)
    const secret = options.jwtSecret ?? newSecret()
    checkSecret(secret)
    const id = newId()
    const project = await this.#change(ref, async (stored) => {
      const ended = withEnds(stored.record, end, now)
      const jwtSecrets = [{ id, createdAt: now, expiresAt: null }, ...ended.jwtSecrets].slice(0, SECRETS_MAX)
      const known = await this.#open(stored)
      const kept = jwtSecrets.flatMap((each) => [[each.id, each.id === id ? secret : known.get(each.id)] as const])
      const secrets = new Map(kept.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
      return { record: { ...stored.record, ...ended, jwtSecrets }, sealed: await this.#seal(ref, secrets) }
    })
    announce(this.#parts, 'project.secret-rotated', { ref, until: end, actor: options })
    return { project, jwtSecret: options.jwtSecret === undefined ? secret : null }
  }

  /** Signs an `anon` and a `service_role` token with the current secret. The `anon` one is kept: sessions are signed with it. */
  async createLegacyKeys(ref: string, actor: KeyActor = {}): Promise<LegacyKeys> {
    const opened = await this.open(ref)
    const secret = opened?.secrets.get(opened.project.jwtSecrets[0]?.id ?? '')
    if (opened === null) throw missing()
    if (secret === undefined) throw invalid('ref', 'names a project without a shared secret')
    const keys = await signLegacyKeys(secret, ref, this.#parts.clock())
    await this.#addAnonKey(ref, keys.anonKey)
    announce(this.#parts, 'project.legacy-keys-created', { ref, actor })
    return keys
  }

  /** Keeps an `anon` token that there is already: sessions are signed with it. It need not be signed by a secret of the project. */
  async addAnonKey(ref: string, anonKey: string, actor: KeyActor = {}): Promise<void> {
    if (!/^[\w-]{1,2000}\.[\w-]{1,4000}\.[\w-]{1,2000}$/.test(anonKey)) throw invalid('anonKey', 'is a token in three parts')
    await this.#addAnonKey(ref, anonKey)
    announce(this.#parts, 'project.changed', { ref, actor })
  }

  async #addAnonKey(ref: string, key: string): Promise<void> {
    await this.#change(ref, ({ record, sealed }) => {
      const anonKeys = [{ key, expiresAt: null }, ...record.anonKeys.filter((each) => each.key !== key)].slice(0, SECRETS_MAX)
      return { record: { ...record, anonKeys }, sealed }
    })
  }

  /** Deletes a project for good: its ref is never another's. */
  async delete(ref: string, actor: KeyActor = {}): Promise<void> {
    if (!isProjectRef(ref) || !(await this.#records.remove(ref, this.#parts.clock()))) throw missing()
    announce(this.#parts, 'project.deleted', { ref, actor })
  }

  /** A project with its secrets, from the store; null where there is none. */
  async open(ref: string): Promise<OpenedProject | null> {
    const stored = isProjectRef(ref) ? await this.#records.read(ref) : null
    if (stored === null) return null
    return { project: stored.record, version: stored.version, secrets: await this.#open(stored) }
  }

  /** Seals every secret under the current master key that is not yet; says how many. */
  reseal(): Promise<number> {
    return this.#records.reseal((id) => ({ purpose: 'project', id }), this.#parts.masterKeys)
  }

  #open({ id, sealed }: StoredRecord<ProjectRecord>): Promise<NamedSecrets> {
    return openSecrets(sealed, { purpose: 'project', id }, this.#parts.masterKeys)
  }

  #seal(ref: string, secrets: NamedSecrets): Promise<Uint8Array | null> {
    return sealSecrets(secrets, { purpose: 'project', id: ref }, this.#parts.masterKeys)
  }

  async #change(
    ref: string,
    change: (stored: StoredRecord<ProjectRecord>) => ChangedRecord<ProjectRecord> | Promise<ChangedRecord<ProjectRecord>>,
  ): Promise<ProjectInfo> {
    const changed = isProjectRef(ref) ? await this.#records.change(ref, change) : null
    if (changed === null) throw missing()
    return changed
  }
}

/** Whether a text can name a project: others need not be looked for. */
export function isProjectRef(text: string): boolean {
  return /^[a-z0-9][a-z0-9-]{2,62}$/.test(text)
}

/** Gives everything that a secret has signed an end, and drops what has reached it. */
function withEnds(record: ProjectRecord, end: Date, now: Date): Pick<ProjectRecord, 'jwtSecrets' | 'anonKeys'> {
  const ended = <T extends { readonly expiresAt: Date | null }>(each: T): T => {
    return { ...each, expiresAt: each.expiresAt !== null && each.expiresAt < end ? each.expiresAt : end }
  }
  const isKept = (each: { readonly expiresAt: Date | null }): boolean => isCurrent(each, now)
  return { jwtSecrets: record.jwtSecrets.map(ended).filter(isKept), anonKeys: record.anonKeys.map(ended).filter(isKept) }
}

function checkSecret(secret: string): void {
  try {
    jwtSecretKey(secret)
  } catch (error) {
    throw invalid('jwtSecret', error instanceof TypeError ? error.message : 'cannot be used')
  }
}

function newSecret(): string {
  return secretBytes(SECRET_BYTES).toString('base64url')
}

function newId(): string {
  return secretBytes(ID_BYTES).toString('hex')
}

function missing(): ReturnType<typeof invalid> {
  return invalid('ref', 'names no project')
}
