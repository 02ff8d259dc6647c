import { StorageError, systemClock } from '@stowage/core'
import type { Clock, Observer } from '@stowage/core'
import { SUPABASE_ROLES } from '../roles.ts'
import type { Roles } from '../roles.ts'
import type { KeyProvider } from '../sealing/key-provider.ts'
import { openSecret, resealSecret, sealSecret } from '../sealing/seal-secret.ts'
import type { SealedFor } from '../sealing/seal-secret.ts'
import type {
  AccessKeyInfo,
  AccessKeyPage,
  CreateAccessKeyInput,
  CreateChildKeyInput,
  KeyActor,
  KeyCredential,
  NewAccessKey,
} from './access-key.ts'
import { keyDocumentId } from './access-key-document.ts'
import type { AccessKeyRecord } from './access-key-document.ts'
import { checkPair, isAccessKeyId, newAccessKeyPair, newSecret } from './access-key-pair.ts'
import type { AccessKeyPair } from './access-key-pair.ts'
import { AccessKeyResolver } from './access-key-resolver.ts'
import type { ActiveKey, AccessKeyResolverOptions } from './access-key-resolver.ts'
import type { DocumentStore } from './document-store.ts'
import { earlierEnd, isActive, keyCaller } from './key-caller.ts'
import { KeyDocuments } from './key-documents.ts'
import type { StoredKey } from './key-documents.ts'
import { KeyUses } from './key-uses.ts'
import { newChildRecord, newKeyRecord } from './new-key-record.ts'

/** What stored keys are made of. */
export interface AccessKeysOptions {
  /** Where they are kept; open as long as the keys are used. */
  readonly documents: DocumentStore
  /** Seals the secrets. */
  readonly masterKeys: KeyProvider
  /** Hears of each change (`access-key.created`, `.rotated`, `.disabled`, `.enabled`, `.revoked`) for audit. Never of a secret. */
  readonly observer?: Observer
  /** Default: the system's. */
  readonly clock?: Clock
  /** The roles that keys may name. Default: `SUPABASE_ROLES`. */
  readonly roles?: Roles
  /** Of one account. Default 1,000. */
  readonly keysPerAccountMax?: number
  /** Ids that are somebody's already, such as those of a configuration: no key gets one, in whichever case. Default: none. */
  readonly reservedIds?: readonly string[]
}

const KEYS_PER_ACCOUNT_MAX = 1000
const PAGE_LIMIT_MAX = 1000
const NEW_ID_ATTEMPTS_MAX = 5

const SILENT: Observer = {
  event: () => {
    // Nobody wants to hear.
  },
}

/**
 * S3 access keys in the metadata store. A secret is shown once, when it is made, and lies there sealed. What takes rights away
 * (`rotate`, `disable`, `revoke`) raises the policy version: resolvers of this process forget at once, those of others within a second.
 * Methods that change a key reject with `InvalidArgument` where there is none of this id.
 */
export class AccessKeys {
  readonly #options: AccessKeysOptions
  readonly #keys: KeyDocuments
  readonly #uses: KeyUses
  readonly #clock: Clock
  readonly #observer: Observer
  readonly #roles: Roles
  readonly #reserved: ReadonlySet<string>
  readonly #resolvers = new Set<AccessKeyResolver>()

  constructor(options: AccessKeysOptions) {
    const { documents, observer = SILENT, clock = systemClock, roles = SUPABASE_ROLES, reservedIds = [] } = options
    this.#options = options
    this.#keys = new KeyDocuments(documents)
    this.#uses = new KeyUses({ documents, clock, observer })
    this.#clock = clock
    this.#observer = observer
    this.#roles = roles
    this.#reserved = new Set(reservedIds.map(keyDocumentId))
  }

  /** Makes a key. Rejects with `LimitExceeded` where the account has as many as it may, and with `InvalidArgument` for an id that is taken. */
  create(input: CreateAccessKeyInput): Promise<NewAccessKey> {
    return this.#add(input, () => newKeyRecord(input, { roles: this.#roles, now: this.#clock() }), input.pair)
  }

  /** Makes a key from another one, which can do nothing that its parent cannot, today or later, and ends with it. */
  async createChild(input: CreateChildKeyInput): Promise<NewAccessKey> {
    const parent = (await this.#existing(input.parent)).record
    return this.#add(input, () => newChildRecord(input, parent, this.#clock()))
  }

  async #add({ by }: KeyActor, recordOf: () => Omit<AccessKeyRecord, 'accessKeyId'>, given?: AccessKeyPair): Promise<NewAccessKey> {
    const { keysPerAccountMax = KEYS_PER_ACCOUNT_MAX, masterKeys } = this.#options
    if (given !== undefined) checkPair(given)
    for (let attempt = 0; attempt < NEW_ID_ATTEMPTS_MAX; attempt += 1) {
      const pair = given ?? newAccessKeyPair()
      const { accessKeyId, secretAccessKey } = pair
      const record: AccessKeyRecord = { ...recordOf(), accessKeyId }
      const sealed = await sealSecret(Buffer.from(secretAccessKey), sealedFor(accessKeyId), masterKeys)
      const outcome = this.#reserved.has(keyDocumentId(accessKeyId))
        ? 'taken'
        : await this.#keys.add(record, { sealed, keysMax: keysPerAccountMax })
      if (outcome === 'too-many') throw new StorageError('LimitExceeded', { limit: 'keysPerAccountMax', max: keysPerAccountMax })
      if (outcome === 'added') {
        this.#observer.event('access-key.created', { accessKeyId, account: record.account, parent: record.parent, by: by ?? null })
        return { id: accessKeyId, accessKeyId, secretAccessKey }
      }
      if (given !== undefined) break
    }
    throw invalid('accessKeyId', 'is, or was, that of another key')
  }

  /** One key; null where there is none. */
  async get(id: string): Promise<AccessKeyInfo | null> {
    const key = isAccessKeyId(id) ? await this.#keys.read(id) : null
    return key === null ? null : infoOf(key.record, await this.#keys.lastUsedAt(id))
  }

  /** Keys, of one account or of all, in pages of at most `limit` (default 1,000). */
  async list(query: { readonly account?: string; readonly after?: string | null; readonly limit?: number } = {}): Promise<AccessKeyPage> {
    const { account, limit = PAGE_LIMIT_MAX } = query
    let after = query.after ?? null
    for (;;) {
      const page = await this.#keys.page({ after, limit })
      const keys = page.keys
        .filter(({ key }) => account === undefined || key.record.account === account)
        .map(({ key, lastUsedAt }) => infoOf(key.record, lastUsedAt))
      // A page may be short, but only the last one is empty.
      if (keys.length > 0 || page.next === null) return { keys, next: page.next }
      after = page.next
    }
  }

  /** Gives a key a new secret. The former one is refused from now on: whoever needs both for a while makes a second key. */
  async rotate(id: string, actor: KeyActor = {}): Promise<NewAccessKey> {
    const secretAccessKey = newSecret()
    const sealed = await sealSecret(Buffer.from(secretAccessKey), sealedFor(id), this.#options.masterKeys)
    await this.#change(id, ({ record }) => ({ record, sealed }))
    this.#announce('access-key.rotated', id, actor)
    return { id, accessKeyId: id, secretAccessKey }
  }

  /** Refuses a key, and those made from it, until it is enabled again. */
  async disable(id: string, actor: KeyActor = {}): Promise<void> {
    await this.#change(id, ({ record, sealed }) => (record.disabled ? null : { record: { ...record, disabled: true }, sealed }))
    this.#announce('access-key.disabled', id, actor)
  }

  /** Takes a disabled key again. */
  async enable(id: string, actor: KeyActor = {}): Promise<void> {
    await this.#change(id, ({ record, sealed }) => (record.disabled ? { record: { ...record, disabled: false }, sealed } : null))
    this.#announce('access-key.enabled', id, actor)
  }

  /** Deletes a key and its secret, for good. Those made from it are refused from now on; they are still listed. */
  async revoke(id: string, actor: KeyActor = {}): Promise<void> {
    const removed = isAccessKeyId(id) ? await this.#keys.remove(id, this.#clock()) : null
    if (removed === null) throw missing()
    this.#forget()
    this.#announce('access-key.revoked', id, actor)
  }

  /** Seals every secret under the current master key that is not yet; says how many. Then no former master key is needed for them. */
  async reseal({ by }: KeyActor = {}): Promise<number> {
    let count = 0
    let after: string | null = null
    do {
      const page: Awaited<ReturnType<KeyDocuments['page']>> = await this.#keys.page({ after, limit: PAGE_LIMIT_MAX })
      for (const { key } of page.keys) if (await this.#reseal(key)) count += 1
      after = page.next
    } while (after !== null)
    this.#observer.event('access-keys.resealed', { count, by: by ?? null })
    return count
  }

  async #reseal({ record: { accessKeyId }, sealed, version }: StoredKey): Promise<boolean> {
    const resealed = await resealSecret(sealed, sealedFor(accessKeyId), this.#options.masterKeys)
    if (resealed === null) return false
    // One that was changed meanwhile was sealed anew, or is seen the next time.
    const options = { raisesPolicyVersion: false }
    await this.#keys.change(accessKeyId, (now) => (now.version === version ? { record: now.record, sealed: resealed } : null), options)
    return true
  }

  /** Finds keys for a door. Several may be made; each keeps what it has found, as long as that is true. */
  resolver(options: AccessKeyResolverOptions = {}): AccessKeyResolver {
    const resolver: AccessKeyResolver = new AccessKeyResolver({
      ...options,
      load: (accessKeyId) => this.find(accessKeyId),
      used: (accessKeyId) => this.#uses.used(keyDocumentId(accessKeyId)),
      policyVersion: () => this.#options.documents.policyVersion(),
      clock: this.#clock,
      observer: this.#observer,
      closed: () => void this.#resolvers.delete(resolver),
    })
    this.#resolvers.add(resolver)
    return resolver
  }

  /** A key that may be used now, with its secret, from the store; null for one that is unknown, disabled or has expired. */
  async find(accessKeyId: string): Promise<ActiveKey | null> {
    const key = isAccessKeyId(accessKeyId) ? await this.#keys.read(accessKeyId) : null
    if (key === null) return null
    const { record, sealed, version } = key
    const parent = record.parent === null ? null : ((await this.#keys.read(record.parent))?.record ?? null)
    if (record.parent !== null && parent === null) return null
    const now = this.#clock()
    if (!isActive(record, now) || (parent !== null && !isActive(parent, now))) return null
    const caller = keyCaller(record, parent, this.#roles)
    if (caller === null) return null
    const secret = await openSecret(sealed, sealedFor(accessKeyId), this.#options.masterKeys)
    const secretAccessKey = Buffer.from(secret).toString()
    const expiresAt = earlierEnd(record.expiresAt, parent?.expiresAt ?? null)
    const ends = expiresAt === null ? {} : { expiresAt }
    const credential: KeyCredential = { id: accessKeyId, version: String(version), secretAccessKey, ...ends, caller }
    return { credential, expiresAt }
  }

  /** Writes down when keys were last used. The store must still be open. */
  async close(): Promise<void> {
    for (const resolver of this.#resolvers) await resolver.close()
    await this.#uses.flush()
  }

  async #existing(id: string): Promise<StoredKey> {
    const key = isAccessKeyId(id) ? await this.#keys.read(id) : null
    if (key === null) throw missing()
    return key
  }

  async #change(id: string, change: Parameters<KeyDocuments['change']>[1]): Promise<void> {
    const found = isAccessKeyId(id) && (await this.#keys.change(id, change, { raisesPolicyVersion: true }))
    if (!found) throw missing()
    this.#forget()
  }

  #forget(): void {
    for (const resolver of this.#resolvers) resolver.forget()
  }

  #announce(name: string, accessKeyId: string, { by }: KeyActor): void {
    this.#observer.event(name, { accessKeyId, by: by ?? null })
  }
}

function sealedFor(accessKeyId: string): SealedFor {
  return { purpose: 'access-key', id: keyDocumentId(accessKeyId) }
}

function infoOf(record: AccessKeyRecord, lastUsedAt: number | null): AccessKeyInfo {
  return { ...record, id: record.accessKeyId, lastUsedAt: lastUsedAt === null ? null : new Date(lastUsedAt) }
}

function missing(): StorageError<'InvalidArgument'> {
  return invalid('id', 'names no access key')
}

function invalid(argument: string, reason: string): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument, reason })
}
