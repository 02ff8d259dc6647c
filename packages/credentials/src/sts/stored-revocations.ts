import { hash } from 'node:crypto'
import type { KeyActor } from '../keys/access-key.ts'
import { Fields } from '../stored/fields.ts'
import { announce, invalid } from '../stored/stored-parts.ts'
import type { StoredParts } from '../stored/stored-parts.ts'
import { StoredRecords } from '../stored/stored-records.ts'
import type { RecordKind } from '../stored/stored-records.ts'
import { isRevokedBy, REVOCATION_MILLISECONDS } from './revocations.ts'
import type { RevocableCredential, Revocation, RevocationList } from './revocations.ts'

interface RevocationRecord {
  readonly revokedAt: Date
}

const KIND: RecordKind<RevocationRecord> = {
  kind: 'sts-revocation',
  use: null,
  gone: null,
  encode: ({ revokedAt }) => ({ revokedAt: revokedAt.getTime() }),
  decode: (body) => ({ revokedAt: new Fields(body).time('revokedAt') }),
}

/** All of them are kept ready in memory, about 200 bytes each. */
const REVOCATIONS_MAX = 10_000

/** Revocations of temporary credentials in the store, for as long as anything that they take back could be good. */
export class StoredRevocations {
  readonly #parts: StoredParts
  readonly #records: StoredRecords<RevocationRecord>
  #known: Promise<ReadonlyMap<string, number>> | null = null

  constructor(parts: StoredParts) {
    this.#parts = parts
    this.#records = new StoredRecords(parts.documents, KIND)
  }

  /**
   * Takes back what was issued until now, in one project, or (the project '') from keys. Rejects with `InvalidArgument` where ten thousand
   * are under way: then a new secret of tokens takes all of them back.
   */
  async revoke(project: string, revocation: Revocation, actor: KeyActor = {}): Promise<void> {
    const revokedAt = this.#parts.clock()
    const former = await this.#records.all()
    const old = former.filter(({ record }) => revokedAt.getTime() - record.revokedAt.getTime() > REVOCATION_MILLISECONDS)
    for (const { id } of old) await this.#records.remove(id, revokedAt)
    if (former.length - old.length >= REVOCATIONS_MAX) throw invalid('revocation', `would be one of more than ${REVOCATIONS_MAX}`)
    const id = nameOf(project, revocation)
    const added = await this.#records.add(id, { record: { revokedAt }, sealed: null })
    if (!added) await this.#records.change(id, ({ sealed }) => ({ record: { revokedAt }, sealed }))
    announce(this.#parts, 'sts.revoked', { project, ...revocation, actor })
  }

  /** Those of one project. */
  of(project: string): RevocationList {
    return { isRevoked: (credential) => this.#isRevoked(project, credential) }
  }

  /** What is asked from now on is as the store has it now. */
  forget(): void {
    this.#known = null
  }

  async #isRevoked(project: string, credential: RevocableCredential): Promise<boolean> {
    const known = await this.#load()
    return known.size > 0 && isRevokedBy(credential, (revocation) => known.get(nameOf(project, revocation)))
  }

  #load(): Promise<ReadonlyMap<string, number>> {
    if (this.#known !== null) return this.#known
    const loading = this.#records.all().then((all) => new Map(all.map(({ id, record }) => [id, record.revokedAt.getTime()])))
    this.#known = loading
    loading.catch(() => {
      if (this.#known === loading) this.#known = null
    })
    return loading
  }
}

/** As a digest: a sub is any text, and of any length. */
function nameOf(project: string, revocation: Revocation): string {
  return hash('sha256', JSON.stringify([project, revocation]))
}
