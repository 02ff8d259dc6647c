import { createReadStream } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fsBackend } from '@stowage/backend-fs'
import type { Backend } from '@stowage/core/backend'
import type { Cell } from '../cell.ts'
import type { Way } from '../ways/way.ts'
import type { Upstream } from './upstream.ts'

/** The disk. Directly means: one file, parts written to their places, then fdatasync and a sync of the directory. */
export class FsUpstream implements Upstream {
  async prepare(): Promise<void> {
    // A directory is all it takes, and each cell has one.
  }

  backend({ directory }: Cell): Backend {
    return fsBackend({ directory: join(directory, 'blobs') })
  }

  direct({ directory, partSize }: Cell): Way {
    return new FileWay(join(directory, 'direct'), partSize)
  }

  async clear(): Promise<void> {
    // The directory of the cell is removed by whoever made it.
  }
}

class FileWay implements Way {
  readonly concurrencyMax: number = Infinity
  readonly #directory: string
  readonly #partSize: number
  #file: FileHandle | null = null

  constructor(directory: string, partSize: number) {
    this.#directory = directory
    this.#partSize = partSize
  }

  async start(): Promise<void> {
    await mkdir(this.#directory)
    this.#file = await open(join(this.#directory, 'object'), 'w')
  }

  async part(index: number, bytes: Buffer): Promise<void> {
    await this.#file?.write(bytes, 0, bytes.length, index * this.#partSize)
  }

  async complete(): Promise<void> {
    await this.#file?.datasync()
    await this.#file?.close()
    const directory = await open(this.#directory, 'r')
    await directory.sync()
    await directory.close()
  }

  async read(): Promise<Readable> {
    return createReadStream(join(this.#directory, 'object'), { highWaterMark: 1024 * 1024 })
  }

  async close(): Promise<void> {
    // Closed by Complete.
  }
}
