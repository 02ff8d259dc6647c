import { StorageError } from '@stowage/core'
import { openSecrets, sealSecrets } from '../projects/project-secrets.ts'
import { secretBytes } from '../secret-bytes.ts'
import type { KeyActor } from '../keys/access-key.ts'
import { Fields } from '../stored/fields.ts'
import { announce } from '../stored/stored-parts.ts'
import type { StoredParts } from '../stored/stored-parts.ts'
import type { RecordKind } from '../stored/stored-records.ts'
import { StoredRecords } from '../stored/stored-records.ts'
import type { TokenPurpose, TokenSecret } from './token-keys.ts'

interface SecretsRecord {
  readonly secrets: readonly { readonly kid: string; readonly retiredAt: Date | null }[]
}

const KIND: RecordKind<SecretsRecord> = {
  kind: 'token-secrets',
  use: null,
  gone: null,
  encode: ({ secrets }) => ({ secrets: secrets.map(({ kid, retiredAt }) => ({ kid, retiredAt: retiredAt?.getTime() ?? null })) }),
  decode: (body) => ({
    secrets: new Fields(body).list('secrets').map((each) => {
      const fields = new Fields(each)
      return { kid: fields.text('kid'), retiredAt: fields.timeOrNull('retiredAt') }
    }),
  }),
}

const SECRET_BYTES = 32
const KID_BYTES = 6
const SECRETS_MAX = 16
/** No token of ours lives longer: that of R2, a week. And what another process signs in the second before it hears of a new secret. */
const LIFETIME_MS_MAX = 604_800_000 + 60_000

/** The secrets that we sign our own tokens with, for one purpose, sealed in the store: made at their first use. */
export class TokenSecrets {
  readonly #parts: StoredParts
  readonly #records: StoredRecords<SecretsRecord>
  readonly #purpose: TokenPurpose

  constructor(parts: StoredParts, purpose: TokenPurpose) {
    this.#parts = parts
    this.#records = new StoredRecords(parts.documents, KIND)
    this.#purpose = purpose
  }

  /** All that verify, the one that signs first, as the store has them. */
  async read(): Promise<readonly TokenSecret[]> {
    const stored = await this.#records.read(this.#purpose)
    if (stored === null) {
      const [kid, secret] = newSecret()
      const sealed = await this.#seal(new Map([[kid, secret]]))
      // Another process may have been faster: then it is that one's.
      await this.#records.add(this.#purpose, { record: { secrets: [{ kid, retiredAt: null }] }, sealed })
      return this.read()
    }
    const known = await openSecrets(stored.sealed, this.#sealedFor(), this.#parts.masterKeys)
    return stored.record.secrets.map(({ kid }) => {
      const secret = known.get(kid)
      if (secret === undefined) throw new StorageError('StoreUnavailable', { store: 'credentials', reason: 'a secret of tokens is gone' })
      return { kid, secret: Buffer.from(secret, 'base64url') }
    })
  }

  /** Signs with a new secret from now on. What the former ones signed is good to its end; `revokesFormer` makes it good for nothing. */
  async rotate({ revokesFormer = false, ...actor }: KeyActor & { readonly revokesFormer?: boolean } = {}): Promise<void> {
    await this.read()
    const now = this.#parts.clock()
    const [kid, secret] = newSecret()
    await this.#records.change(this.#purpose, async ({ record, sealed }) => {
      const former = revokesFormer ? [] : record.secrets.map((each) => ({ ...each, retiredAt: each.retiredAt ?? now }))
      const kept = former.filter(({ retiredAt }) => now.getTime() - retiredAt.getTime() < LIFETIME_MS_MAX).slice(0, SECRETS_MAX - 1)
      const known = await openSecrets(sealed, this.#sealedFor(), this.#parts.masterKeys)
      const secrets = new Map([[kid, secret], ...kept.flatMap((each) => [[each.kid, known.get(each.kid) ?? ''] as const])])
      return { record: { secrets: [{ kid, retiredAt: null }, ...kept] }, sealed: await this.#seal(secrets) }
    })
    announce(this.#parts, 'token-secrets.rotated', { purpose: this.#purpose, actor })
  }

  /** Seals them under the current master key, if they are not yet; says how many documents that were. */
  reseal(): Promise<number> {
    return this.#records.reseal(() => this.#sealedFor(), this.#parts.masterKeys)
  }

  #seal(secrets: ReadonlyMap<string, string>): Promise<Uint8Array | null> {
    return sealSecrets(secrets, this.#sealedFor(), this.#parts.masterKeys)
  }

  #sealedFor(): { readonly purpose: string; readonly id: string } {
    return { purpose: 'token-secrets', id: this.#purpose }
  }
}

function newSecret(): readonly [kid: string, secret: string] {
  return [secretBytes(KID_BYTES).toString('hex'), secretBytes(SECRET_BYTES).toString('base64url')]
}
