import type { History, KeyAnswer, KeyOperation, KeyRequest, Listing } from './history.ts'

/** What was asked and answered in one round, on keys of its own. */
export class Recorder {
  readonly prefix: string
  /** The longest that any request may take. */
  readonly answeredWithinMs: number
  readonly #keys: ReadonlyMap<string, KeyOperation[]>
  readonly #listings: Listing[] = []
  readonly #lastSeen = new Map<string, string>()
  readonly problems: string[] = []
  /** Answers 503, by when they came. */
  readonly refusals: number[] = []
  answered = 0
  unanswered = 0

  constructor({
    prefix,
    keys,
    answeredWithinMs,
  }: {
    readonly prefix: string
    readonly keys: readonly string[]
    readonly answeredWithinMs: number
  }) {
    this.prefix = prefix
    this.answeredWithinMs = answeredWithinMs
    this.#keys = new Map(keys.map((key) => [key, []]))
  }

  get keys(): readonly string[] {
    return [...this.#keys.keys()]
  }

  get history(): History {
    return { keys: this.#keys, listings: this.#listings }
  }

  /** A content that the key is likely to hold still; undefined where nobody has seen any. */
  likely(key: string): string | undefined {
    return this.#lastSeen.get(key)
  }

  add(key: string, operation: KeyOperation): void {
    const { request, answer } = operation
    this.#keys.get(key)?.push(operation)
    if (answer === 'unknown') this.unanswered += 1
    else this.answered += 1
    const seen = contentAfter(request, answer)
    if (seen !== null) this.#lastSeen.set(key, seen)
  }

  list(listing: Listing): void {
    this.answered += 1
    this.#listings.push(listing)
  }
}

function contentAfter(request: KeyRequest, answer: KeyAnswer): string | null {
  if (typeof answer === 'object') return answer.holds
  return request.kind === 'put' && answer === 'done' ? request.value : null
}
