/** How many requests are let through. */
export interface RequestRateOptions {
  /** Of one name, evenly, and as many at once. */
  readonly perMinuteMax: number
  /** How many names are remembered, about 100 bytes each. Default 10,000. Whoever makes more of them is let through more often. */
  readonly namesMax?: number
}

const MINUTE_MS = 60_000
const NAMES_MAX = 10_000

/** Counts requests by name, in bounded memory (GCRA: for each name the time at which it is as if it had never been there). */
export class RequestRate {
  readonly #perMinuteMax: number
  readonly #namesMax: number
  readonly #freeAt = new Map<string, number>()

  constructor({ perMinuteMax, namesMax = NAMES_MAX }: RequestRateOptions) {
    this.#perMinuteMax = perMinuteMax
    this.#namesMax = namesMax
  }

  /** Counts one more request; 0 where it may go on, otherwise the milliseconds until the next one may. What is refused does not count. */
  waitFor(name: string, now: Date): number {
    const cost = MINUTE_MS / this.#perMinuteMax
    const at = now.getTime()
    const freeAt = Math.max(this.#freeAt.get(name) ?? at, at) + cost
    // What a sum of broken numbers is too much must not refuse the last one.
    const wait = freeAt - at - MINUTE_MS
    if (wait > 1e-3) return wait
    // In the order of their last request: what goes first has waited longest.
    this.#freeAt.delete(name)
    this.#freeAt.set(name, freeAt)
    if (this.#freeAt.size > this.#namesMax) {
      const [oldest] = this.#freeAt.keys()
      if (oldest !== undefined) this.#freeAt.delete(oldest)
    }
    return 0
  }

  /** How many names are remembered. */
  get size(): number {
    return this.#freeAt.size
  }
}

/** The name of a source for counting: of IPv6 the network (/64) that one subscriber has. Those whose address is not known share one. */
export function sourceName(address: string | null): string {
  if (address === null) return ''
  const text = address.replace(/%.*$/, '').toLowerCase()
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  if (mapped?.[1] !== undefined) return mapped[1]
  return text.includes(':') ? networkOf(text) : text
}

const GROUPS = 8
const NETWORK_GROUPS = 4

function networkOf(address: string): string {
  const [before = '', after] = address.split('::')
  const head = before === '' ? [] : before.split(':')
  const tail = after === undefined || after === '' ? [] : after.split(':')
  const zeros = Array.from({ length: Math.max(0, GROUPS - head.length - tail.length) }, () => '0')
  const groups = [...head, ...(after === undefined ? [] : zeros), ...tail]
  return `${groups
    .slice(0, NETWORK_GROUPS)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
