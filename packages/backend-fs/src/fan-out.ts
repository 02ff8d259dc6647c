import { dirname } from 'node:path'
import { mapBounded } from './bounded.ts'
import type { DirectorySync } from './directory-sync.ts'
import { errorCode } from './errors.ts'
import type { FileSystem } from './file-system.ts'
import { FAN_OUT } from './paths.ts'

/** Directories of namespaces that are remembered as made; forgetting one costs a mkdir and an fsync. */
const REMEMBERED_MAX = 10_000

/** Nobody but the owner reads blobs around the engine. */
const DIRECTORY_MODE = 0o700

/**
 * The directories that hold the blobs. Those of the root are made ahead, so that a put makes none; those of a
 * namespace with its first blobs. A directory counts as made when its own entry survives a power cut.
 */
export class FanOut {
  readonly #fileSystem: FileSystem
  readonly #root: string
  readonly #sync: DirectorySync | null
  readonly #made = new Set<string>()
  readonly #making = new Map<string, Promise<void>>()

  /** `root` is absolute. `sync` is null where directories are not synced. */
  constructor(fileSystem: FileSystem, root: string, sync: DirectorySync | null) {
    this.#fileSystem = fileSystem
    this.#root = root
    this.#sync = sync
  }

  /** Makes the root with its parents, and its fan-out. */
  async init(): Promise<void> {
    await this.#makeParents(this.#root)
    await mapBounded(FAN_OUT, (name) => this.#mkdir(`${this.#root}/${name}`))
    // One fsync of the root covers all the entries; each new directory's own contents are synced by the puts into it.
    await this.#sync?.sync(this.#root)
    for (const name of FAN_OUT) this.#made.add(name)
  }

  /** Whether a directory (relative to the root) needs no `make`. */
  has(directory: string): boolean {
    return this.#made.has(directory)
  }

  /** Makes a directory, relative to the root, with those above it. */
  async make(directory: string): Promise<void> {
    if (this.#made.has(directory)) return
    // One maker each: whoever comes second waits until the entry is on the disk, not only until it is there.
    let making = this.#making.get(directory)
    if (making === undefined) {
      making = this.#makeBelow(directory).finally(() => this.#making.delete(directory))
      this.#making.set(directory, making)
    }
    await making
  }

  async #makeBelow(directory: string): Promise<void> {
    const parent = directory.slice(0, Math.max(0, directory.lastIndexOf('/')))
    if (parent !== '') await this.make(parent)
    const parentPath = parent === '' ? this.#root : `${this.#root}/${parent}`
    await this.#mkdir(`${this.#root}/${directory}`)
    // Also where it was there before: the process that made it may have died before its sync.
    await this.#sync?.sync(parentPath)
    if (this.#made.size >= REMEMBERED_MAX) this.#forgetNamespaces()
    this.#made.add(directory)
  }

  #forgetNamespaces(): void {
    this.#made.clear()
    for (const name of FAN_OUT) this.#made.add(name)
  }

  /** From the top down, each entry synced before the next is made: what exists is durable but for its last level. */
  async #makeParents(path: string): Promise<void> {
    const parent = dirname(path)
    try {
      await this.#mkdir(path)
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || parent === path) throw error
      await this.#makeParents(parent)
      await this.#mkdir(path)
    }
    try {
      await this.#sync?.sync(parent)
    } catch (error) {
      // A parent that we may pass through but not read was not made by us.
      if (errorCode(error) !== 'EACCES' && errorCode(error) !== 'EPERM') throw error
    }
  }

  async #mkdir(path: string): Promise<void> {
    try {
      await this.#fileSystem.mkdir(path, DIRECTORY_MODE)
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return
      // A read-only disk is told when somebody writes; what is there can be read.
      if (errorCode(error) === 'EROFS' && (await this.#exists(path))) return
      throw error
    }
  }

  async #exists(path: string): Promise<boolean> {
    return this.#fileSystem.lstat(path).then(
      () => true,
      () => false,
    )
  }
}
