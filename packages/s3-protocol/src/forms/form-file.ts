import type { ByteSource } from '@stowage/core'
import { S3Error } from '../s3-error.ts'
import type { MultipartReader } from './multipart-reader.ts'

/** How many bytes a file may have, both ends included. */
export interface SizeRange {
  readonly min: number
  readonly max: number
}

/**
 * The content of the file in a form, to be read once. The loop fails where the file has another size than it may have, or where the form is
 * not whole behind it, at the latest at its end: whoever reads it commits nothing before the loop is over.
 *
 * Fails with `EntityTooLarge` as soon as too much has come, with `EntityTooSmall` at the end.
 */
export class FormFile implements ByteSource {
  readonly #reader: MultipartReader
  readonly #range: SizeRange | null
  #size = 0

  /** The reader stands behind the head of the file's part. */
  constructor(reader: MultipartReader, range: SizeRange | null) {
    this.#reader = reader
    this.#range = range
  }

  /** Not a generator: one that was never started would not give the body up when it is told to. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: () => this.#next(),
      return: async () => {
        await this.#reader.abandon()
        return { done: true, value: undefined }
      },
    }
  }

  releaseChunk(chunk: Uint8Array): void {
    this.#reader.release(chunk)
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    const chunk = await this.#reader.chunk()
    if (chunk === null) {
      this.#checkSize(true)
      await this.#reader.finish()
      return { done: true, value: undefined }
    }
    this.#size += chunk.length
    this.#checkSize(false)
    return { done: false, value: chunk }
  }

  #checkSize(isWhole: boolean): void {
    if (this.#range === null) return
    const { min, max } = this.#range
    const size = this.#size
    if (size > max) {
      throw new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
        fields: { ProposedSize: String(size), MaxSizeAllowed: String(max) },
      })
    }
    if (isWhole && size < min) {
      throw new S3Error('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', {
        fields: { ProposedSize: String(size), MinSizeAllowed: String(min) },
      })
    }
  }
}
