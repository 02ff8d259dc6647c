import { StorageError } from '@stowage/core'
import type { JsonValue } from '@stowage/core'
import type { StoredDocument } from '@stowage/core/metadata'
import type { DocumentStore } from '../keys/document-store.ts'
import type { KeyProvider } from '../sealing/key-provider.ts'
import { resealSecret } from '../sealing/seal-secret.ts'
import type { SealedFor } from '../sealing/seal-secret.ts'
import { Fields } from './fields.ts'

/** How records of one kind are kept. */
export interface RecordKind<R> {
  /** Of their documents. */
  readonly kind: string
  /** Of the documents that say when each was last used; null where nobody asks. */
  readonly use: string | null
  /** Of the documents that say that an id was somebody's once; null where no id comes twice by itself. */
  readonly gone: string | null
  readonly encode: (record: R) => JsonValue
  /** Throws `StoreUnavailable` for what it does not understand. */
  readonly decode: (body: JsonValue) => R
}

/** A record as it is kept. */
export interface StoredRecord<R> {
  readonly id: string
  readonly record: R
  readonly version: number
  readonly sealed: Uint8Array | null
}

/** What a record is to become. */
export interface ChangedRecord<R> {
  readonly record: R
  readonly sealed: Uint8Array | null
}

const PAGE_LIMIT = 1000
/** Of those whose id begins so: few are meant, and others follow. */
const BEGINNING_LIMIT = 100
/** Of writers that meet at one record, each round lets one through. */
const ATTEMPTS_MAX = 50

/**
 * Reads and writes records of one kind. Each change is one command, made again where another was faster, and raises the policy version: in
 * other processes it counts within a second.
 */
export class StoredRecords<R> {
  readonly #documents: DocumentStore
  readonly #kind: RecordKind<R>

  constructor(documents: DocumentStore, kind: RecordKind<R>) {
    this.#documents = documents
    this.#kind = kind
  }

  async read(id: string): Promise<StoredRecord<R> | null> {
    const document = await this.#documents.readDocument({ kind: this.#kind.kind, id })
    return document === null ? null : this.#stored(document)
  }

  /** All whose id begins so, by id. */
  async all(prefix = ''): Promise<readonly StoredRecord<R>[]> {
    return (await this.#documentsOf(this.#kind.kind, prefix)).map((document) => this.#stored(document))
  }

  /** The first ones, by id. */
  async first(limit: number): Promise<readonly StoredRecord<R>[]> {
    const { documents } = await this.#documents.listDocuments({ kind: this.#kind.kind, after: null, limit })
    return documents.map((document) => this.#stored(document))
  }

  /** When each was last used, by id; of those whose id begins so. */
  async lastUses(prefix = ''): Promise<ReadonlyMap<string, Date | null>> {
    if (this.#kind.use === null) return new Map()
    const documents = await this.#documentsOf(this.#kind.use, prefix)
    return new Map(documents.map(({ id, body }) => [id, new Fields(body).timeOrNull('lastUsedAt')]))
  }

  /** When one was last used; null where nobody has. */
  async lastUse(id: string): Promise<Date | null> {
    const { use } = this.#kind
    const document = use === null ? null : await this.#documents.readDocument({ kind: use, id })
    return document === null ? null : new Fields(document.body).timeOrNull('lastUsedAt')
  }

  /** Adds one. False where there is one, or was, of this id. */
  async add(id: string, { record, sealed }: ChangedRecord<R>): Promise<boolean> {
    const { kind, use, gone, encode } = this.#kind
    const { outcome } = await this.#documents.writeDocuments({
      raisesPolicyVersion: true,
      writes: [
        { kind, id, expected: null, body: encode(record), sealed },
        // Deletes nothing: it must not be there.
        ...(gone === null ? [] : [{ kind: gone, id, expected: null, body: null, sealed: null }]),
        ...(use === null ? [] : [{ kind: use, id, expected: 'any' as const, body: { lastUsedAt: null }, sealed: null }]),
      ],
    })
    return outcome === 'written'
  }

  /** Writes one anew, and says what it is now; null where there is none of this id. */
  async change(id: string, change: (stored: StoredRecord<R>) => ChangedRecord<R> | Promise<ChangedRecord<R>>): Promise<R | null> {
    const { kind, encode } = this.#kind
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const stored = await this.read(id)
      if (stored === null) return null
      const { record, sealed } = await change(stored)
      const write = { kind, id, expected: stored.version, body: encode(record), sealed }
      const { outcome } = await this.#documents.writeDocuments({ writes: [write], raisesPolicyVersion: true })
      if (outcome === 'written') return record
    }
    throw new StorageError('Conflict', { what: 'this credential is being changed' }, { retryable: true })
  }

  /** Deletes one, with its secret. False where there is none. */
  async remove(id: string, at: Date): Promise<boolean> {
    const { kind, use, gone } = this.#kind
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const stored = await this.read(id)
      if (stored === null) return false
      const { outcome } = await this.#documents.writeDocuments({
        raisesPolicyVersion: true,
        writes: [
          { kind, id, expected: stored.version, body: null, sealed: null },
          ...(gone === null ? [] : [{ kind: gone, id, expected: 'any' as const, body: { goneAt: at.getTime() }, sealed: null }]),
          ...(use === null ? [] : [{ kind: use, id, expected: 'any' as const, body: null, sealed: null }]),
        ],
      })
      if (outcome === 'written') return true
    }
    throw new StorageError('Conflict', { what: 'this credential is being changed' }, { retryable: true })
  }

  /** Seals anew what is not under the current master key, and says how many; nothing else changes, and nobody forgets anything. */
  async reseal(sealedFor: (id: string) => SealedFor, masterKeys: KeyProvider): Promise<number> {
    let count = 0
    for (const { id, record, version, sealed } of await this.all()) {
      const resealed = sealed === null ? null : await resealSecret(sealed, sealedFor(id), masterKeys)
      if (resealed === null) continue
      const write = { kind: this.#kind.kind, id, expected: version, body: this.#kind.encode(record), sealed: resealed }
      // One that was changed meanwhile was sealed anew, or is seen the next time.
      const { outcome } = await this.#documents.writeDocuments({ writes: [write], raisesPolicyVersion: false })
      if (outcome === 'written') count += 1
    }
    return count
  }

  async #documentsOf(kind: string, prefix: string): Promise<readonly StoredDocument[]> {
    const found: StoredDocument[] = []
    let after: string | null = prefix === '' ? null : prefix
    do {
      const page: Awaited<ReturnType<DocumentStore['listDocuments']>> = await this.#documents.listDocuments({
        kind,
        after,
        limit: prefix === '' ? PAGE_LIMIT : BEGINNING_LIMIT,
      })
      const beginning = page.documents.filter(({ id }) => id.startsWith(prefix))
      found.push(...beginning)
      // They are in order: behind the last one that begins so there is none.
      after = beginning.length < page.documents.length ? null : page.next
    } while (after !== null)
    return found
  }

  #stored({ id, body, version, sealed }: StoredDocument): StoredRecord<R> {
    return { id, record: this.#kind.decode(body), version, sealed }
  }
}
