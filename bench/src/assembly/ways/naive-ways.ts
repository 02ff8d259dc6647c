import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { parseBlobKey } from '@stowage/core/backend'
import type { Backend, BlobKey } from '@stowage/core/backend'
import { inChunks } from './way.ts'
import type { Way } from './way.ts'

const WHOLE = parseBlobKey('whole')

/** Parts are blobs, and Complete reads them one behind the other and writes the object. They would be deleted afterwards: that is not counted. */
export class ConcatenatingWay implements Way {
  readonly concurrencyMax: number = Infinity
  readonly #backend: Backend
  readonly #parts: BlobKey[] = []
  #size = 0

  constructor(backend: Backend) {
    this.#backend = backend
  }

  start(): Promise<void> {
    return this.#backend.init()
  }

  async part(index: number, bytes: Buffer): Promise<void> {
    const key = parseBlobKey(`part/${index}`)
    await this.#backend.put(key, inChunks(bytes), { size: bytes.length })
    this.#parts[index] = key
    this.#size += bytes.length
  }

  async complete(): Promise<void> {
    await this.#backend.put(WHOLE, this.#pieces(), { size: this.#size })
  }

  read(): Promise<Readable> {
    return this.#backend.get(WHOLE, {})
  }

  close(): Promise<void> {
    return this.#backend.close()
  }

  async *#pieces(): AsyncGenerator<Buffer> {
    for (const key of this.#parts) yield* await this.#backend.get(key, {})
  }
}

/** Parts are written into a file beside us, unsynced, and Complete sends it. */
export class ReuploadingWay implements Way {
  readonly concurrencyMax: number = Infinity
  readonly #backend: Backend
  readonly #file: string
  readonly #partSize: number
  #staged: FileHandle | null = null
  #size = 0

  constructor(backend: Backend, { directory, partSize }: { readonly directory: string; readonly partSize: number }) {
    this.#backend = backend
    this.#file = join(directory, 'staged')
    this.#partSize = partSize
  }

  async start(): Promise<void> {
    await this.#backend.init()
    this.#staged = await open(this.#file, 'w')
  }

  async part(index: number, bytes: Buffer): Promise<void> {
    await this.#staged?.write(bytes, 0, bytes.length, index * this.#partSize)
    this.#size += bytes.length
  }

  async complete(): Promise<void> {
    await this.#backend.put(WHOLE, createReadStream(this.#file, { highWaterMark: 1024 * 1024 }), { size: this.#size })
  }

  read(): Promise<Readable> {
    return this.#backend.get(WHOLE, {})
  }

  async close(): Promise<void> {
    await this.#staged?.close()
    await this.#backend.close()
  }
}
