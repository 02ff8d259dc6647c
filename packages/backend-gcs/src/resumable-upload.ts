import type { BlobKey } from '@stowage/core/backend'
import type { ApiAnswer } from './transport.ts'
import { ChecksumFailure, SessionLost } from './errors.ts'
import { findObject, removeGeneration } from './find-object.ts'
import { FACTS, formatCrc32c, parseFactsText, UnreadableAnswer } from './object-facts.ts'
import type { ObjectFacts } from './object-facts.ts'
import { objectName, uploadPath, withQuery } from './object-path.ts'
import { orAborted } from './or-aborted.ts'
import { readRefusal, Refusal } from './refusal.ts'
import { leavesDoubt, withRetries } from './retry.ts'
import { cleanUpLater } from './store.ts'
import type { Store } from './store.ts'
import { checkStored, forgetLater, OBJECT_METADATA, removeLeft, resolveConflict } from './upload-facts.ts'
import type { Content } from './upload-facts.ts'

/** The service wants the rest: what it has ends at `Range`. Not a redirect here. */
const INCOMPLETE = 308

/** How far the service is: it wants bytes from `offset` on, or it has made the object. */
type Progress = { readonly offset: number } | { readonly facts: ObjectFacts }

/**
 * One resumable upload: a session of the service that takes chunks one after the other, and makes the object with the last.
 *
 * Promises: the object appears with the last byte of `finish` or not at all; a chunk of which the service took only a part is sent
 * on from there; an answer that is lost is asked for again.
 */
export class ResumableUpload {
  readonly #store: Store
  readonly #key: BlobKey
  readonly #signal: AbortSignal
  /** The URI of the session, once it is asked for. Whoever knows it may write: it goes into no message. */
  #session: Promise<string> | null = null
  #offset = 0

  constructor(store: Store, { key, signal }: { readonly key: BlobKey; readonly signal: AbortSignal }) {
    this.#store = store
    this.#key = key
    this.#signal = signal
  }

  /** Sends a chunk after which more comes; its length is a multiple of 256 KiB. Its memory stays as it is until this resolves. */
  async send(pieces: readonly Uint8Array[]): Promise<void> {
    const end = this.#offset + lengthOf(pieces)
    const progress = await this.#transfer(pieces, { end, total: null })
    if (!('facts' in progress)) return
    // fake-gcs-server does so when it is asked how far it is. A blob that is not whole must not stay.
    const { generation } = progress.facts
    await removeGeneration(this.#store, this.#key, generation).catch(() => removeLeft(this.#store, this.#key, generation))
    throw new SessionLost('the service has finished an upload that was not at its end')
  }

  /** Sends the last chunk, and resolves when the object is there, whole. */
  async finish(pieces: readonly Uint8Array[], content: Content): Promise<void> {
    try {
      const progress = await this.#transfer(pieces, { end: content.size, total: content })
      if (!('facts' in progress)) throw new UnreadableAnswer('the service has all the bytes and no object')
      await checkStored(this.#store, this.#key, { facts: progress.facts, content })
    } catch (error) {
      if (error instanceof ChecksumFailure && error.left !== null) removeLeft(this.#store, this.#key, error.left)
      if (this.#signal.aborted || leavesDoubt(error)) forgetLater(this.#store, this.#key, content)
      throw error
    }
  }

  /** Ends the session, best effort: what is left of it is nobody's, is no object, and is gone within a week. */
  cancel(): void {
    const session = this.#session
    if (session === null) return
    this.#session = null
    // The service answers 499 where it has done so. Cloud Storage, "Cancel an upload".
    cleanUpLater(this.#store, async () => this.#store.transport.call({ method: 'DELETE', target: await session }))
  }

  async #transfer(
    pieces: readonly Uint8Array[],
    { end, total }: { readonly end: number; readonly total: Content | null },
  ): Promise<Progress> {
    const begin = this.#offset
    this.#signal.throwIfAborted()
    const uri = await orAborted((this.#session ??= this.#start()), this.#signal)
    let mustAsk = false
    return withRetries({ store: this.#store, signal: this.#signal }, async (attempt) => {
      try {
        if (mustAsk) {
          const progress = this.#take(await this.#put(uri, [], { 'content-range': 'bytes */*' }), { begin, end })
          if ('facts' in progress || this.#isAt(end, total)) return progress
        }
        mustAsk = true
        for (;;) {
          const before = this.#offset
          const rest = skip(pieces, this.#offset - begin)
          const progress = this.#take(await this.#put(uri, rest, this.#range(rest, total)), { begin, end })
          if ('facts' in progress || this.#isAt(end, total)) return progress
          // It took a part. One that takes nothing at all would be sent the same for ever.
          if (this.#offset === before) throw new UnreadableAnswer('the service took nothing of a chunk')
        }
      } catch (error) {
        if (total === null) throw error
        return { facts: await this.#resolve(error, attempt.isDoubtful, total) }
      }
    })
  }

  /** Whether a chunk is through: a last one is so only with its object. */
  #isAt(end: number, total: Content | null): boolean {
    return total === null && this.#offset === end
  }

  /** Some sessions are gone once their object is there, and a 412 may speak of the very object that the session has made. */
  async #resolve(error: unknown, isDoubtful: boolean, content: Content): Promise<ObjectFacts> {
    if (error instanceof SessionLost && isDoubtful) {
      const facts = await findObject(this.#store, this.#key, this.#signal)
      if (facts !== null) return facts
    }
    if (!(error instanceof Refusal)) throw error
    return resolveConflict(this.#store, this.#key, { refusal: error, attempt: { isDoubtful }, content, signal: this.#signal })
  }

  #put(uri: string, body: readonly Uint8Array[], headers: Readonly<Record<string, string>>): Promise<ApiAnswer> {
    return this.#store.transport.call({ method: 'PUT', target: uri, headers, body, signal: this.#signal })
  }

  #range(pieces: readonly Uint8Array[], total: Content | null): Record<string, string> {
    const length = lengthOf(pieces)
    const bytes = length === 0 ? '*' : `${this.#offset}-${this.#offset + length - 1}`
    if (total === null) return { 'content-range': `bytes ${bytes}/*` }
    return { 'content-range': `bytes ${bytes}/${total.size}`, 'x-goog-hash': `crc32c=${formatCrc32c(total.crc32c)}` }
  }

  /** Reads how far the service is. One that went back behind what it once had, or has what was never sent, has lost the upload. */
  #take(answer: ApiAnswer, { begin, end }: { readonly begin: number; readonly end: number }): Progress {
    if (answer.status === 200 || answer.status === 201) return { facts: parseFactsText(answer.body) }
    if (answer.status === 404 || answer.status === 410) throw new SessionLost(`the session answers ${answer.status}`)
    if (answer.status !== INCOMPLETE) throw readRefusal(answer.status, answer.headers, answer.body)
    const last = /^bytes=0-(\d+)$/.exec(answer.headers['range'] ?? '')?.[1]
    const offset = last === undefined ? 0 : Number(last) + 1
    if (offset < begin || offset > end) throw new SessionLost('the session has other bytes than were sent')
    this.#offset = offset
    return { offset }
  }

  /** Opens the session, also where nobody waits for it any more: only who knows it can end it. */
  #start(): Promise<string> {
    const { options, transport } = this.#store
    const query = { uploadType: 'resumable', ifGenerationMatch: '0', fields: FACTS, name: objectName(options, this.#key) }
    const body = [Buffer.from(JSON.stringify(OBJECT_METADATA))]
    const headers = { 'content-type': 'application/json; charset=UTF-8', 'x-upload-content-type': OBJECT_METADATA['contentType'] }
    return withRetries({ store: this.#store }, async () => {
      const target = withQuery(uploadPath(options), query)
      const { location } = (await transport.ask({ method: 'POST', target, headers, body })).headers
      if (location === undefined || !URL.canParse(location)) throw new UnreadableAnswer('the service opened no session')
      return location
    })
  }
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0)
}

/** What remains of the pieces after `count` bytes. */
function skip(pieces: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  if (count === 0) return pieces
  const rest: Uint8Array[] = []
  let left = count
  for (const piece of pieces) {
    if (left < piece.length) rest.push(left === 0 ? piece : piece.subarray(left))
    left = Math.max(left - piece.length, 0)
  }
  return rest
}
