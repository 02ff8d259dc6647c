import { constants } from 'node:fs'
import type { FileSystem } from './file-system.ts'

interface Directory {
  descriptor: number | null
  /** The fsync under way. It may have begun before a caller's file was written, so nobody may join it. */
  running: Promise<void> | null
  /** The fsync that begins when the running one ends: everybody who comes meanwhile shares it. */
  next: Promise<void> | null
}

/** Directories whose descriptor is kept open: the root's fan-out and a few namespaces. */
const OPEN_MAX = 64

/**
 * fsync of directories with group commit: concurrent callers of one directory share one fsync, which always begins
 * after they asked. A failed fsync is never tried again: every later call for any directory fails with the same error.
 */
export class DirectorySync {
  readonly #fileSystem: FileSystem
  readonly #directories = new Map<string, Directory>()
  readonly #onFailure: (cause: unknown) => void
  #failure: { readonly cause: unknown } | null = null
  #openMax = OPEN_MAX

  /** `onFailure` hears of an fsync that failed; a directory that cannot be opened is no such thing. */
  constructor(fileSystem: FileSystem, onFailure: (cause: unknown) => void) {
    this.#fileSystem = fileSystem
    this.#onFailure = onFailure
  }

  /** Resolves when an fsync of the directory that began after this call has succeeded. */
  sync(path: string): Promise<void> {
    let directory = this.#directories.get(path)
    if (directory === undefined) {
      directory = { descriptor: null, running: null, next: null }
      this.#directories.set(path, directory)
    }
    if (directory.next !== null) return directory.next
    const { running } = directory
    if (running === null) return this.#start(path, directory)
    const start = (): Promise<void> => this.#start(path, directory)
    directory.next = running.then(start, start)
    return directory.next
  }

  /** Waits for what is under way and closes the descriptors; what is synced later keeps none open. */
  async close(): Promise<void> {
    this.#openMax = 0
    const directories = [...this.#directories.values()]
    await Promise.allSettled(directories.map((directory) => directory.next ?? directory.running ?? Promise.resolve()))
    this.#directories.clear()
    await Promise.allSettled(directories.map((directory) => this.#closeDescriptor(directory)))
  }

  #start(path: string, directory: Directory): Promise<void> {
    directory.next = null
    directory.running = this.#fsync(path, directory).finally(() => {
      directory.running = null
      this.#closeIdle()
    })
    return directory.running
  }

  async #fsync(path: string, directory: Directory): Promise<void> {
    if (this.#failure !== null) throw this.#failure.cause
    directory.descriptor ??= await this.#fileSystem.open(path, constants.O_RDONLY)
    try {
      await this.#fileSystem.fsync(directory.descriptor)
    } catch (cause) {
      this.#failure ??= { cause }
      this.#onFailure(cause)
      throw cause
    }
  }

  #closeIdle(): void {
    for (const [path, directory] of this.#directories) {
      if (this.#directories.size <= this.#openMax) return
      if (directory.running !== null || directory.next !== null) continue
      this.#directories.delete(path)
      void this.#closeDescriptor(directory)
    }
  }

  async #closeDescriptor(directory: Directory): Promise<void> {
    if (directory.descriptor === null) return
    const { descriptor } = directory
    directory.descriptor = null
    try {
      await this.#fileSystem.close(descriptor)
    } catch {
      // Read-only: closing it can lose nothing.
    }
  }
}
