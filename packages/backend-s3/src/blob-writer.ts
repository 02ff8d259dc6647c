import { StorageError } from '@stowage/core/backend'
import type { BlobKey } from '@stowage/core/backend'
import pLimit from 'p-limit'
import { completeUpload } from './complete-upload.ts'
import { PART_COUNT_MAX } from './options.ts'
import { crc32Of } from './part-digests.ts'
import { planParts } from './part-plan.ts'
import type { PartPlan } from './part-plan.ts'
import { putObject } from './put-object.ts'
import { removeObject } from './remove-object.ts'
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
  #upload: Promise<Upload> | null = null
  #partCount = 0
  #part: Buffer | null = null
  #filled = 0
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
    const rest = this.#part?.subarray(0, this.#filled) ?? Buffer.alloc(0)
    if (this.#partCount === 0 && (this.#plan.isWhole || this.#expected === undefined)) {
      this.#mayExist = true
      await putObject(this.#store, this.#key, { bytes: rest, signal })
      return
    }
    this.#cut(rest)
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

  #copy(chunk: Uint8Array): Promise<void> | undefined {
    let at = 0
    while (at < chunk.length) {
      if (this.#filled === this.#plan.partSize) {
        // Only now: a body that ends with a full part may still go up in one request.
        const pause = this.#cutFullPart()
        if (pause !== undefined) return pause.then(() => this.#copy(chunk.subarray(at)))
      }
      const part = (this.#part ??= this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#plan.partSize))
      const count = Math.min(chunk.length - at, part.length - this.#filled)
      part.set(chunk.subarray(at, at + count), this.#filled)
      this.#filled += count
      at += count
    }
    return undefined
  }

  /** Sends the full part. The next one is begun when there is memory for it. */
  #cutFullPart(): Promise<void> | undefined {
    const { concurrency } = this.#plan
    if (this.#part !== null) this.#cut(this.#part)
    this.#part = null
    this.#filled = 0
    return this.#underWay.size > concurrency ? this.#untilRoom() : undefined
  }

  async #untilRoom(): Promise<void> {
    while (this.#underWay.size > this.#plan.concurrency) await Promise.race(this.#underWay)
    this.#end.signal.throwIfAborted()
  }

  #cut(bytes: Buffer): void {
    this.#partCount += 1
    const number = this.#partCount
    this.#crc32 = crc32Of(bytes, this.#crc32)
    const task: Promise<void> = this.#limit(() => this.#send(number, bytes))
      // Told to the body, which is being read meanwhile; whoever waits asks the signal.
      .catch((error: unknown) => this.#end.abort(error))
      .finally(() => this.#underWay.delete(task))
    this.#underWay.add(task)
  }

  async #send(number: number, bytes: Buffer): Promise<void> {
    const { signal } = this.#end
    signal.throwIfAborted()
    const upload = await this.#openUpload()
    const sent = await sendPart(this.#store, upload, { number, bytes, signal })
    this.#sent.push(sent)
    // Used again: what waits for the collector of the runtime would come on top of what a put may take.
    if (sent.isLetGo && bytes.length === this.#plan.partSize) this.#free.push(bytes)
  }

  #openUpload(): Promise<Upload> {
    return (this.#upload ??= createUpload(this.#store, this.#key, { operation: 'put', signal: this.#end.signal }))
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
