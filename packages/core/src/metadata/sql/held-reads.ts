import { StorageError } from '../../errors/storage-error.ts'
import type { HeldRead, SqlDriver } from './sql-driver.ts'

/** What is read over one state for long, with a rule for the end that both databases have: closing the store breaks it off, and waits for it. */
export class HeldReads {
  readonly #driver: SqlDriver
  readonly #running = new Set<Promise<unknown>>()
  #isClosing = false

  constructor(driver: SqlDriver) {
    this.#driver = driver
  }

  /** Lends one state, for as long as `use` takes; what is read of it once the store is closing rejects with `StoreUnavailable`. */
  async run<T>(use: (read: HeldRead) => Promise<T>): Promise<T> {
    if (this.#isClosing) throw this.#closing()
    const running = this.#driver.readHeld((read) => use((program) => (this.#isClosing ? Promise.reject(this.#closing()) : read(program))))
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  /** Closes the driver, once nothing is read any more. */
  async close(): Promise<void> {
    this.#isClosing = true
    await Promise.allSettled(this.#running)
    try {
      await this.#driver.close()
    } finally {
      // It may be opened again.
      this.#isClosing = false
    }
  }

  #closing(): StorageError<'StoreUnavailable'> {
    return new StorageError('StoreUnavailable', { store: this.#driver.name, reason: 'the store is closing' })
  }
}
