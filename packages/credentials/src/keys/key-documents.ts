import { StorageError } from '@stowage/core'
import type { DocumentWrite, StoredDocument } from '@stowage/core/metadata'
import { decodeKey, encodeKey, KEY_KINDS, keyDocumentId, numberIn } from './access-key-document.ts'
import type { AccessKeyRecord } from './access-key-document.ts'
import type { DocumentStore } from './document-store.ts'

/** A key as it is kept. */
export interface StoredKey {
  readonly record: AccessKeyRecord
  readonly version: number
  readonly sealed: Uint8Array
}

/** What became of a new key. */
export type AddKeyOutcome = 'added' | 'taken' | 'too-many'

/** Of writers that meet at one key, or at one account's number of keys, each round lets one through. */
const ATTEMPTS_MAX = 50

/** Reads and writes the documents of keys: each change is one command, and is made again where another was faster. */
export class KeyDocuments {
  readonly #documents: DocumentStore

  constructor(documents: DocumentStore) {
    this.#documents = documents
  }

  /** The key of exactly this id; null where there is none. */
  async read(accessKeyId: string): Promise<StoredKey | null> {
    const document = await this.#documents.readDocument({ kind: KEY_KINDS.key, id: keyDocumentId(accessKeyId) })
    if (document === null) return null
    const key = storedKey(document)
    return key.record.accessKeyId === accessKeyId ? key : null
  }

  /** One page of keys, by the ids of their documents, each with the time of its last use. */
  async page(query: { readonly after: string | null; readonly limit: number }): Promise<{
    readonly keys: readonly { readonly key: StoredKey; readonly lastUsedAt: number | null }[]
    readonly next: string | null
  }> {
    const { documents, next } = await this.#documents.listDocuments({ kind: KEY_KINDS.key, ...query })
    // Every key has one from its first moment to its last, so the pages are the same but for what changes in between.
    const { documents: uses } = await this.#documents.listDocuments({ kind: KEY_KINDS.use, ...query })
    const used = new Map(uses.map(({ id, body }) => [id, numberIn(body, 'lastUsedAt')]))
    return { keys: documents.map((document) => ({ key: storedKey(document), lastUsedAt: used.get(document.id) ?? null })), next }
  }

  /** When a key was last used, in milliseconds. */
  async lastUsedAt(accessKeyId: string): Promise<number | null> {
    const document = await this.#documents.readDocument({ kind: KEY_KINDS.use, id: keyDocumentId(accessKeyId) })
    return document === null ? null : numberIn(document.body, 'lastUsedAt')
  }

  /**
   * Adds a key where no other one has, or had, its id in any case, and its account has fewer than `keysMax`. Nobody has asked for
   * it yet, so the policy version stays.
   */
  async add(
    record: AccessKeyRecord,
    { sealed, keysMax }: { readonly sealed: Uint8Array; readonly keysMax: number },
  ): Promise<AddKeyOutcome> {
    const id = keyDocumentId(record.accessKeyId)
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const count = await this.#count(record.account)
      if (count.keys >= keysMax) return 'too-many'
      const outcome = await this.#documents.writeDocuments({
        raisesPolicyVersion: false,
        writes: [
          { kind: KEY_KINDS.key, id, expected: null, body: encodeKey(record), sealed },
          // Deletes nothing: it must not be there.
          { kind: KEY_KINDS.revoked, id, expected: null, body: null, sealed: null },
          { kind: KEY_KINDS.use, id, expected: 'any', body: { lastUsedAt: null }, sealed: null },
          countWrite(record.account, count, 1),
        ],
      })
      if (outcome.outcome === 'written') return 'added'
      if (outcome.kind !== KEY_KINDS.count) return 'taken'
    }
    throw conflict()
  }

  /** Writes a key anew; `change` gives null where it is as it should be. False where there is no such key. */
  async change(
    accessKeyId: string,
    change: (key: StoredKey) => { readonly record: AccessKeyRecord; readonly sealed: Uint8Array } | null,
    options: { readonly raisesPolicyVersion: boolean },
  ): Promise<boolean> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const key = await this.read(accessKeyId)
      if (key === null) return false
      const changed = change(key)
      if (changed === null) return true
      const { record, sealed } = changed
      const write = { kind: KEY_KINDS.key, id: keyDocumentId(accessKeyId), expected: key.version, body: encodeKey(record), sealed }
      const { outcome } = await this.#documents.writeDocuments({ writes: [write], ...options })
      if (outcome === 'written') return true
    }
    throw conflict()
  }

  /** Deletes a key with its secret, and remembers for good that its id is taken. Null where there is none; else what it was. */
  async remove(accessKeyId: string, at: Date): Promise<AccessKeyRecord | null> {
    const id = keyDocumentId(accessKeyId)
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const key = await this.read(accessKeyId)
      if (key === null) return null
      const { account } = key.record
      const { outcome } = await this.#documents.writeDocuments({
        raisesPolicyVersion: true,
        writes: [
          { kind: KEY_KINDS.key, id, expected: key.version, body: null, sealed: null },
          { kind: KEY_KINDS.use, id, expected: 'any', body: null, sealed: null },
          { kind: KEY_KINDS.revoked, id, expected: 'any', body: { accessKeyId, account, revokedAt: at.getTime() }, sealed: null },
          countWrite(account, await this.#count(account), -1),
        ],
      })
      if (outcome === 'written') return key.record
    }
    throw conflict()
  }

  async #count(account: string): Promise<Count> {
    const document = await this.#documents.readDocument({ kind: KEY_KINDS.count, id: account })
    return document === null ? { version: null, keys: 0 } : { version: document.version, keys: numberIn(document.body, 'keys') ?? 0 }
  }
}

interface Count {
  readonly version: number | null
  readonly keys: number
}

function countWrite(account: string, { version, keys }: Count, change: 1 | -1): DocumentWrite {
  const now = Math.max(0, keys + change)
  return { kind: KEY_KINDS.count, id: account, expected: version, body: now === 0 ? null : { keys: now }, sealed: null }
}

function storedKey({ body, version, sealed }: StoredDocument): StoredKey {
  if (sealed !== null) return { record: decodeKey(body), version, sealed }
  throw new StorageError('StoreUnavailable', { store: 'access keys', reason: 'a stored key has no secret' })
}

function conflict(): StorageError<'Conflict'> {
  return new StorageError('Conflict', { what: 'the keys of this account are being changed' }, { retryable: true })
}
