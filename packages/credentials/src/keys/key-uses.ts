import type { Clock, Observer } from '@stowage/core'
import { KEY_KINDS, numberIn } from './access-key-document.ts'
import { BoundedCache } from './bounded-cache.ts'
import type { DocumentStore } from './document-store.ts'

/** What uses are written with. */
export interface KeyUsesOptions {
  /** Where the keys are kept. */
  readonly documents: DocumentStore
  /** Says when a key is used. */
  readonly clock: Clock
  /** Hears of times that could not be written. */
  readonly observer: Observer
  /** Of the documents that say it. Default: those of access keys. */
  readonly kind?: string
}

const INTERVAL_MS = 60_000
const REMEMBERED_MAX = 10_000
const ATTEMPTS_MAX = 3
/** Written side by side: SQLite makes them durable together. */
const WRITES_AT_ONCE = 20

/**
 * Remembers when each key was last used, and writes it down at most once a minute a key, beside the requests: at its first use,
 * at the first one a minute later, and at the end. There is no timer.
 */
export class KeyUses {
  readonly #options: KeyUsesOptions
  /** Not yet written, by the id of the key's documents. */
  readonly #pending = new Map<string, number>()
  readonly #written = new BoundedCache<number>(REMEMBERED_MAX)
  readonly #writing = new Set<Promise<void>>()

  constructor(options: KeyUsesOptions) {
    this.#options = options
  }

  /** Says that a request named a key that there is. */
  used(documentId: string): void {
    const now = this.#options.clock().getTime()
    this.#pending.set(documentId, now)
    const age = now - (this.#written.get(documentId) ?? Number.NEGATIVE_INFINITY)
    if (age < INTERVAL_MS && this.#pending.size <= REMEMBERED_MAX) return
    this.#written.set(documentId, now)
    const writing = this.#write(documentId, INTERVAL_MS).finally(() => this.#writing.delete(writing))
    this.#writing.add(writing)
  }

  /** Writes down whatever is not yet written. Never rejects: the observer hears of what is lost. */
  async flush(): Promise<void> {
    await Promise.all(this.#writing)
    const left = [...this.#pending.keys()]
    for (let at = 0; at < left.length; at += WRITES_AT_ONCE) {
      await Promise.all(left.slice(at, at + WRITES_AT_ONCE).map((documentId) => this.#write(documentId, 0)))
    }
  }

  async #write(documentId: string, intervalMs: number): Promise<void> {
    const at = this.#pending.get(documentId)
    if (at === undefined) return
    this.#pending.delete(documentId)
    try {
      await this.#writeAt(documentId, at, intervalMs)
    } catch (error) {
      this.#options.observer.event('access-key.use-lost', { accessKeyId: documentId, error })
    }
  }

  async #writeAt(documentId: string, at: number, intervalMs: number): Promise<void> {
    const { documents } = this.#options
    const document = { kind: this.#options.kind ?? KEY_KINDS.use, id: documentId }
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const there = await documents.readDocument(document)
      // Revoked meanwhile; or another process was faster.
      if (there === null) return
      const known = numberIn(there.body, 'lastUsedAt')
      if (known !== null && at <= known) return
      if (known !== null && at - known < intervalMs) {
        this.#keep(documentId, at)
        return
      }
      const write = { ...document, expected: there.version, body: { lastUsedAt: at }, sealed: null }
      const { outcome } = await documents.writeDocuments({ writes: [write], raisesPolicyVersion: false })
      if (outcome === 'written') return
    }
    this.#keep(documentId, at)
  }

  #keep(documentId: string, at: number): void {
    this.#pending.set(documentId, Math.max(at, this.#pending.get(documentId) ?? at))
  }
}
