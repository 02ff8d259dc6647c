import { accountCaller, StorageError } from '@stowage/core'
import type { JsonValue, Scope } from '@stowage/core'
import type { KeyActor, KeyCredential } from '../keys/access-key.ts'
import { AccessKeyResolver } from '../keys/access-key-resolver.ts'
import type { ActiveKey } from '../keys/access-key-resolver.ts'
import { BoundedCache } from '../keys/bounded-cache.ts'
import { endingScope } from '../keys/key-caller.ts'
import { KeyUses } from '../keys/key-uses.ts'
import { openSecret, sealSecret } from '../sealing/seal-secret.ts'
import { announce, checkedAccount, checkedDescription, checkedEnd, invalid, isCurrent } from '../stored/stored-parts.ts'
import type { StoredParts } from '../stored/stored-parts.ts'
import { StoredRecords } from '../stored/stored-records.ts'
import { parseR2AccessPolicies } from './r2-access-policies.ts'
import { R2_TOKEN_KIND } from './r2-token-record.ts'
import type { R2TokenInfo, R2TokenRecord } from './r2-token-record.ts'
import { createR2Token } from './r2-token.ts'
import type { R2Token } from './r2-token.ts'

/** What a token is to be. */
export interface CreateR2TokenInput extends KeyActor {
  readonly account: string
  /** What the account is called in the policies. Default: `account`. */
  readonly accountId?: string
  /** Access policies as R2's API takes them: see `parseR2AccessPolicies`. */
  readonly policies: JsonValue
  readonly description?: string
  readonly expiresAt?: Date
}

const TOKENS_MAX = 10_000
const ABSENT_MAX = 10_000

/**
 * R2's API tokens. The value is shown once, when it is made; its SHA-256, which signs requests, lies in the store sealed. What is changed
 * counts here at once, elsewhere within a second. Methods that change one reject with `InvalidArgument` where there is none.
 */
export class R2Tokens {
  readonly #parts: StoredParts
  readonly #records: StoredRecords<R2TokenRecord>
  readonly #uses: KeyUses
  readonly #resolver: AccessKeyResolver
  /**
   * Other keys may have ids of this form, and must not cost a look with every request. Ids of tokens are random: nobody has asked for one
   * before it was made.
   */
  readonly #absent = new BoundedCache<true>(ABSENT_MAX)
  /** Of the tokens that were found. No token ever has another one. */
  readonly #accountIds = new BoundedCache<string>(TOKENS_MAX)

  constructor(parts: StoredParts) {
    // What is kept ready is forgotten before anybody hears of a change.
    const changed = (): void => {
      this.forget()
      parts.changed()
    }
    this.#parts = { ...parts, changed }
    this.#records = new StoredRecords(parts.documents, R2_TOKEN_KIND)
    this.#uses = new KeyUses({ ...parts, kind: R2_TOKEN_KIND.use })
    this.#resolver = new AccessKeyResolver({
      load: (id) => this.#load(id),
      used: (id) => this.#uses.used(id),
      policyVersion: () => parts.documents.policyVersion(),
      clock: parts.clock,
      observer: parts.observer,
      closed: () => undefined,
    })
  }

  /** Makes a token. Rejects with `InvalidArgument` for policies that are not wholly understood, or are no one ceiling. */
  async create(input: CreateR2TokenInput): Promise<R2Token> {
    const { policies } = input
    const createdAt = this.#parts.clock()
    const account = checkedAccount(input.account)
    const accountId = checkedAccount(input.accountId ?? input.account)
    scopeOf(policies, accountId)
    const record = {
      account,
      accountId,
      policies,
      description: checkedDescription(input.description),
      createdAt,
      expiresAt: checkedEnd(input.expiresAt, createdAt),
    }
    if ((await this.#records.all()).length >= TOKENS_MAX) throw new StorageError('LimitExceeded', { limit: 'tokensMax', max: TOKENS_MAX })
    const token = createR2Token()
    if (!(await this.#records.add(token.id, { record, sealed: await this.#seal(token) }))) throw invalid('id', 'is there already')
    announce(this.#parts, 'r2-token.created', { id: token.id, account, actor: input })
    return token
  }

  /** Tokens of one account, or of all, by id. */
  async list(account?: string): Promise<readonly R2TokenInfo[]> {
    const [stored, uses] = await Promise.all([this.#records.all(), this.#records.lastUses()])
    return stored
      .filter(({ record }) => account === undefined || record.account === account)
      .map(({ id, record }) => ({ ...record, id, lastUsedAt: uses.get(id) ?? null }))
  }

  /** One token; null where there is none. */
  async get(id: string): Promise<R2TokenInfo | null> {
    const stored = isR2TokenId(id) ? await this.#records.read(id) : null
    return stored === null ? null : { ...stored.record, id, lastUsedAt: await this.#records.lastUse(id) }
  }

  /** What the account of a token is called, by a token that may be used now; null for any other id. Answers from what it keeps, where it can. */
  async accountIdOf(id: string): Promise<string | null> {
    return (await this.find(id)) === null ? null : (this.#accountIds.get(id) ?? (await this.#records.read(id))?.record.accountId ?? null)
  }

  /** Gives a token a new value, as R2's "roll". The former one, and credentials that were made from it, are refused from now on. */
  async roll(id: string, actor: KeyActor = {}): Promise<R2Token> {
    const token = { ...createR2Token(), id }
    const sealed = await this.#seal(token)
    const changed = isR2TokenId(id) ? await this.#records.change(id, ({ record }) => ({ record, sealed })) : null
    if (changed === null) throw missing()
    announce(this.#parts, 'r2-token.rolled', { id, actor })
    return token
  }

  /** Deletes a token for good, and with it all credentials that were made from it. */
  async revoke(id: string, actor: KeyActor = {}): Promise<void> {
    if (!isR2TokenId(id) || !(await this.#records.remove(id, this.#parts.clock()))) throw missing()
    announce(this.#parts, 'r2-token.revoked', { id, actor })
  }

  /** The credential of a token that may be used now; null for any other id. Answers at once with what it keeps. */
  find(accessKeyId: string): KeyCredential | null | Promise<KeyCredential | null> {
    if (!isR2TokenId(accessKeyId) || this.#absent.get(accessKeyId) === true) return null
    const found = this.#resolver.find(accessKeyId)
    return found instanceof Promise ? this.#noteAbsence(accessKeyId, found) : found
  }

  /** What is asked from now on is as the store has it now. */
  forget(): void {
    this.#absent.clear()
    this.#resolver.forget()
  }

  async #noteAbsence(id: string, pending: Promise<KeyCredential | null>): Promise<KeyCredential | null> {
    const found = await pending
    if (found === null) this.#absent.set(id, true)
    return found
  }

  /** Seals every secret under the current master key that is not yet; says how many. */
  reseal(): Promise<number> {
    return this.#records.reseal(sealedFor, this.#parts.masterKeys)
  }

  /** Writes down when tokens were last used. */
  async close(): Promise<void> {
    await this.#resolver.close()
    await this.#uses.flush()
  }

  async #load(id: string): Promise<ActiveKey | null> {
    const stored = await this.#records.read(id)
    if (stored === null || stored.sealed === null || !isCurrent(stored.record, this.#parts.clock())) return null
    const { account, accountId, policies, expiresAt } = stored.record
    this.#accountIds.set(id, accountId)
    const secret = await openSecret(stored.sealed, sealedFor(id), this.#parts.masterKeys)
    const credential = {
      id,
      version: String(stored.version),
      secretAccessKey: Buffer.from(secret).toString(),
      caller: { ...accountCaller(account, id), scope: endingScope(scopeOf(policies, accountId), expiresAt) },
      // What is made from it ends with it.
      ...(expiresAt === null ? {} : { expiresAt }),
    }
    return { credential, expiresAt }
  }

  #seal({ id, secretAccessKey }: R2Token): Promise<Uint8Array> {
    return sealSecret(Buffer.from(secretAccessKey), sealedFor(id), this.#parts.masterKeys)
  }
}

function scopeOf(policies: JsonValue, accountId: string): Scope {
  try {
    return parseR2AccessPolicies(policies, accountId)
  } catch (error) {
    throw error instanceof TypeError ? invalid('policies', `cannot be used: ${error.message}`) : error
  }
}

/** Whether a text can be the id of a token: others need not be looked for. */
export function isR2TokenId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text)
}

function sealedFor(id: string): { readonly purpose: string; readonly id: string } {
  return { purpose: 'r2-token', id }
}

function missing(): ReturnType<typeof invalid> {
  return invalid('id', 'names no token')
}
