import { StorageError } from '@stowage/core/backend'
import type { BlobKey } from '@stowage/core/backend'
import pLimit from 'p-limit'
import { combineCrc32 } from './combine-crc32.ts'
import { completeUpload } from './complete-upload.ts'
import { FillingPart } from './filling-part.ts'
import type { Part } from './filling-part.ts'
import { PART_COUNT_MAX } from './options.ts'
import { planParts } from './part-plan.ts'
import type { PartPlan } from './part-plan.ts'
import { putObject } from './put-object.ts'
import { removeObject } from './remove-object.ts'
import { needsSha256 } from './signing-body.ts'
import type { Store } from './store.ts'
import { abortUpload, CLEAN_UP_MS, createUpload, sendPart } from './upload.ts'
import type { SentPart, Upload } from './upload.ts'

/** What a `BlobWriter` is told of its blob. */
export interface BlobWriterOptions {
  /** The blob's name. */
  readonly key: BlobKey
  /** The exact size, in bytes, where it is known. */
  readonly size: number | undefined
  /** Aborted with the error when a part fails; when others abort it, every request ends. */
  readonly end: AbortController
}

/** Collects the bytes of one blob into parts and sends them, the next one being filled while others are on their way. */
export class BlobWriter {
  /** How many bytes have been added. */
  size = 0
  readonly #store: Store
  readonly #key: BlobKey
  readonly #expected: number | undefined
  readonly #end: AbortController
  readonly #plan: PartPlan
  readonly #limit: ReturnType<typeof pLimit>
  readonly #underWay = new Set<Promise<void>>()
  readonly #sent: SentPart[] = []
  /** Memory of parts that have arrived. */
  readonly #free: Buffer[] = []
  readonly #withSha256: boolean
  #upload: Promise<Upload> | null = null
  #partCount = 0
  #part: FillingPart | null = null
  /** CRC-32 of the parts that were cut. */
  #crc32 = 0
  /** Whether an object of this name may be there though nobody said so. */
  #mayExist = false

  constructor(store: Store, { key, size, end }: BlobWriterOptions) {
    this.#store = store
    this.#key = key
    this.#expected = size
    this.#end = end
    this.#plan = planParts(store.options, size)
    this.#limit = pLimit(this.#plan.concurrency)
    this.#withSha256 = needsSha256(store)
  }

  /** Takes a copy of the chunk. Returns a promise where the parts on their way are as many as may be. */
  add(chunk: Uint8Array): Promise<void> | undefined {
    this.size += chunk.length
    const { blobSizeMax } = this.#store.options
    // A body that goes on too long is stopped at once, not when it ends: it may never end.
    if (this.size > (this.#expected ?? this.size)) throw this.#wrongSize()
    if (this.size > blobSizeMax) throw new StorageError('ObjectTooLarge', { size: this.size, max: blobSizeMax })
    if (this.#expected === undefined && this.size > this.#plan.partSize * PART_COUNT_MAX) throw this.#tooManyParts()
    return this.#copy(chunk)
  }

  /** Sends what is left, and makes the blob of it. When it resolves, the blob is there, whole. */
  async finish(): Promise<void> {
    if (this.size !== (this.#expected ?? this.size)) throw this.#wrongSize()
    const { signal } = this.#end
    const last = this.#nextPart()
    if (this.#partCount === 0 && (this.#plan.isWhole || this.#expected === undefined)) {
      this.#mayExist = true
      const { isLetGo } = await putObject(this.#store, this.#key, { part: last.seal(), signal })
      if (isLetGo) this.#free.push(last.buffer)
      return
    }
    this.#cut(last)
    await Promise.all(this.#underWay)
    signal.throwIfAborted()
    const upload = await this.#openUpload()
    this.#mayExist = true
    const parts = this.#sent.toSorted((a, b) => a.number - b.number)
    await completeUpload(this.#store, upload, { parts, size: this.size, crc32: this.#crc32, signal })
  }

  /**
   * Takes back what was sent, as far as the service lets us: what is left over is an unfinished upload, or a blob that nobody refers to,
   * and both are found by the collector. Never fails.
   */
  async discard(): Promise<void> {
    // A part that arrives after the abort would stay.
    await Promise.allSettled(this.#underWay)
    const upload = await this.#upload?.catch(() => null)
    if (upload !== undefined && upload !== null)
      await abortUpload(this.#store, upload, { operation: 'put', signal: AbortSignal.timeout(CLEAN_UP_MS) }).catch(() => undefined)
    if (this.#mayExist) await removeObject(this.#store, this.#key).catch(() => undefined)
  }

  #copy(chunk: Uint8Array, from = 0): Promise<void> | undefined {
    let at = from
    while (at < chunk.length) {
      if (this.#part?.isFull === true) {
        // Only now: a body that ends with a full part may still go up in one request.
        const pause = this.#cutFullPart(this.#part)
        if (pause !== undefined) return pause.then(() => this.#copy(chunk, at))
      }
      at += this.#nextPart().take(chunk, at)
    }
    return undefined
  }

  /** The one that is being filled. */
  #nextPart(): FillingPart {
    const { partSize: size } = this.#plan
    return (this.#part ??= new FillingPart(this.#free.pop() ?? this.#store.buffers.take(size), { size, withSha256: this.#withSha256 }))
  }

  /** Sends the full part. The next one is begun when there is memory for it. */
  #cutFullPart(part: FillingPart): Promise<void> | undefined {
    this.#cut(part)
    this.#part = null
    return this.#underWay.size > this.#plan.concurrency ? this.#untilRoom() : undefined
  }

  async #untilRoom(): Promise<void> {
    while (this.#underWay.size > this.#plan.concurrency) await Promise.race(this.#underWay)
    this.#end.signal.throwIfAborted()
  }

  #cut(filled: FillingPart): void {
    this.#partCount += 1
    const number = this.#partCount
    const part = filled.seal()
    this.#crc32 = combineCrc32(this.#crc32, part.crc32, part.bytes.length)
    const task: Promise<void> = this.#limit(() => this.#send(number, part))
      .then((isLetGo) => {
        // Used again: what waits for the collector of the runtime would come on top of what a put may take.
        if (isLetGo) this.#free.push(filled.buffer)
      })
      // Told to the body, which is being read meanwhile; whoever waits asks the signal.
      .catch((error: unknown) => this.#end.abort(error))
      .finally(() => this.#underWay.delete(task))
    this.#underWay.add(task)
  }

  async #send(number: number, part: Part): Promise<boolean> {
    const { signal } = this.#end
    signal.throwIfAborted()
    const upload = await this.#openUpload()
    const sent = await sendPart(this.#store, upload, { number, part, signal })
    this.#sent.push(sent)
    return sent.isLetGo
  }

  #openUpload(): Promise<Upload> {
    return (this.#upload ??= createUpload(this.#store, this.#key, { operation: 'put', signal: this.#end.signal }))
  }

  /** Gives back the memory of what has arrived, for the puts to come. */
  end(): void {
    for (const buffer of this.#free.splice(0)) this.#store.buffers.giveBack(buffer)
  }

  #tooManyParts(): StorageError<'ObjectTooLarge'> {
    const { partSize } = this.#plan
    const max = partSize * PART_COUNT_MAX
    const message = `A blob whose size was not said ends at ${max} bytes, ${PART_COUNT_MAX} parts of ${partSize}: give its size, or choose a larger partSize.`
    return new StorageError('ObjectTooLarge', { size: this.size, max }, { message })
  }

  #wrongSize(): StorageError<'IncompleteBody'> {
    return new StorageError('IncompleteBody', { expected: this.#expected ?? this.size, actual: this.size })
  }
}
