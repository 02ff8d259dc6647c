import { timingSafeEqual } from 'node:crypto'
import { StorageError } from '@stowage/core'
import type { KeyActor } from '../keys/access-key.ts'
import { KeyUses } from '../keys/key-uses.ts'
import type { OpaqueKeyFinder } from '../rest/rest-caller.ts'
import { announce, checkedDescription, checkedEnd, invalid, isCurrent, overlapEnd } from '../stored/stored-parts.ts'
import type { StoredParts } from '../stored/stored-parts.ts'
import { StoredRecords } from '../stored/stored-records.ts'
import { OPAQUE_KEY_KIND, opaqueKeyId } from './opaque-key-record.ts'
import type { OpaqueKeyInfo, OpaqueKeyRecord } from './opaque-key-record.ts'
import { createOpaqueKey, opaqueKeyDigest } from './opaque-key.ts'
import type { OpaqueKeyKind } from './opaque-key.ts'

/** What a key is to be. */
export interface CreateOpaqueKeyInput extends KeyActor {
  /** The ref of a project that there is. */
  readonly project: string
  readonly kind: OpaqueKeyKind
  readonly description?: string
  readonly expiresAt?: Date
}

/** A key with its text, which of a secret one is shown this once. */
export interface NewOpaqueKey {
  readonly id: string
  readonly key: string
}

/** How a key is replaced. */
export interface RotateOptions extends KeyActor {
  /** How long the former one is still good. Default 0. */
  readonly overlapSeconds?: number
}

/** Of one project; the publishable ones that are tried for a session's signature are fewer. */
const KEYS_PER_PROJECT_MAX = 100

/** The publishable and secret keys of projects. Of a secret one only the digest is kept. What is changed counts here at once, elsewhere within a second. */
export class OpaqueKeys {
  readonly #parts: StoredParts
  readonly #records: StoredRecords<OpaqueKeyRecord>
  readonly #uses: KeyUses
  readonly #hasProject: (ref: string) => Promise<boolean>

  constructor(parts: StoredParts, hasProject: (ref: string) => Promise<boolean>) {
    this.#parts = parts
    this.#hasProject = hasProject
    this.#records = new StoredRecords(parts.documents, OPAQUE_KEY_KIND)
    this.#uses = new KeyUses({ ...parts, kind: OPAQUE_KEY_KIND.use })
  }

  /** Makes a key. Rejects with `LimitExceeded` where the project has a hundred; several at once may make it a few more. */
  async create(input: CreateOpaqueKeyInput): Promise<NewOpaqueKey> {
    const { project, kind } = input
    const now = this.#parts.clock()
    const expiresAt = checkedEnd(input.expiresAt, now)
    const description = checkedDescription(input.description)
    if (!(await this.#hasProject(project))) throw invalid('project', 'is none that there is')
    if ((await this.#records.all(`${project}/`)).length >= KEYS_PER_PROJECT_MAX) {
      throw new StorageError('LimitExceeded', { limit: 'keysPerProjectMax', max: KEYS_PER_PROJECT_MAX })
    }
    const key = createOpaqueKey(kind, project)
    const digest = opaqueKeyDigest(key)
    const record = { project, kind, digest, key: kind === 'publishable' ? key : null, description, createdAt: now, expiresAt }
    const id = opaqueKeyId(project, digest)
    if (!(await this.#records.add(id, { record, sealed: null }))) throw invalid('key', 'is there already')
    announce(this.#parts, 'opaque-key.created', { id, project, kind, actor: input })
    return { id, key }
  }

  /** The keys of a project, or of all, by id. */
  async list(project?: string): Promise<readonly OpaqueKeyInfo[]> {
    const prefix = project === undefined ? '' : `${project}/`
    const [stored, uses] = await Promise.all([this.#records.all(prefix), this.#records.lastUses(prefix)])
    return stored.map(({ id, record }) => ({ ...record, id, lastUsedAt: uses.get(id) ?? null }))
  }

  /** Makes a key in place of another one, which is good for the overlap and no longer. Rejects with `InvalidArgument` where there is none. */
  async rotate(id: string, options: RotateOptions = {}): Promise<NewOpaqueKey> {
    const now = this.#parts.clock()
    const end = overlapEnd(options.overlapSeconds ?? 0, now)
    const former = await this.#records.read(id)
    if (former === null || !isCurrent(former.record, now)) throw missing()
    const { project, kind, description } = former.record
    const made = await this.create({ project, kind, ...(description === null ? {} : { description }), by: options.by ?? null })
    const ended = await this.#records.change(id, ({ record, sealed }) => {
      const expiresAt = record.expiresAt !== null && record.expiresAt < end ? record.expiresAt : end
      return { record: { ...record, expiresAt }, sealed }
    })
    announce(this.#parts, 'opaque-key.rotated', { id, replacedBy: made.id, until: ended?.expiresAt ?? null, actor: options })
    return made
  }

  /** Deletes a key for good. Rejects with `InvalidArgument` where there is none. */
  async revoke(id: string, actor: KeyActor = {}): Promise<void> {
    if (!(await this.#records.remove(id, this.#parts.clock()))) throw missing()
    announce(this.#parts, 'opaque-key.revoked', { id, actor })
  }

  /** Deletes those of a project. */
  async revokeAll(project: string, actor: KeyActor = {}): Promise<void> {
    for (const { id } of await this.#records.all(`${project}/`)) await this.revoke(id, actor)
  }

  /** The publishable keys of a project as the store has them, the newest first, each with its end. */
  async publishable(project: string): Promise<readonly { readonly key: string; readonly expiresAt: Date | null }[]> {
    const stored = await this.#records.all(`${project}/`)
    return stored
      .map(({ record }) => record)
      .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime())
      .flatMap(({ key, expiresAt }) => (key === null ? [] : [{ key, expiresAt }]))
  }

  /** Finds the keys of a project for a door, from the store. */
  finder(project: string): OpaqueKeyFinder {
    return {
      find: async (digest) => {
        const id = opaqueKeyId(project, digest)
        const stored = await this.#records.read(id)
        if (stored === null || !isSame(stored.record.digest, digest) || !isCurrent(stored.record, this.#parts.clock())) return null
        this.#uses.used(id)
        return { id, kind: stored.record.kind, digest }
      },
    }
  }

  /** Writes down when keys were last used. */
  close(): Promise<void> {
    return this.#uses.flush()
  }
}

function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function missing(): StorageError<'InvalidArgument'> {
  return invalid('id', 'names no key')
}
