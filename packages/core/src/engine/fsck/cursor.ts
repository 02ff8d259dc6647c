import { setImmediate } from 'node:timers/promises'
import type { InspectionPage, InspectionQuery } from '../../metadata/inspection.ts'

/** Rows of a page. Manifests bring their inline bytes along: this many are some 16 MiB at the worst. */
const PAGE_SIZE = 256

/** Walks rows that come in pages, one at a time. `current` is undefined before the first `advance` and behind the last row. */
export class Cursor<T> {
  readonly #pages: AsyncIterator<readonly T[]>
  #page: readonly T[] = []
  #at = 0
  current: T | undefined

  constructor(pages: AsyncIterable<readonly T[]>) {
    this.#pages = pages[Symbol.asyncIterator]()
  }

  /** Goes to the next row. */
  async advance(): Promise<void> {
    while (this.#at >= this.#page.length) {
      const step = await this.#pages.next()
      if (step.done === true) {
        this.current = undefined
        return
      }
      this.#page = step.value
      this.#at = 0
    }
    this.current = this.#page[this.#at]
    this.#at += 1
  }

  /** Lets go of what the pages hold. */
  async close(): Promise<void> {
    await this.#pages.return?.()
  }
}

/** The pages of an inspection. Between two of them others have a turn: an embedded store answers at once. */
export async function* pagesOf<T>(
  read: (query: InspectionQuery) => Promise<InspectionPage<T>>,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly T[]> {
  let after: string | null = null
  do {
    signal?.throwIfAborted()
    const page: InspectionPage<T> = await read({ after, limit: PAGE_SIZE })
    yield page.rows
    after = page.next
    await setImmediate()
  } while (after !== null)
}
