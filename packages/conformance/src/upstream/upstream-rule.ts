/** What one request was, as a script sees it. */
export interface UpstreamRequest {
  readonly method: string
  /** The path as it was sent, without the query. */
  readonly path: string
  /** As it was sent, without the question mark; empty where there was none. */
  readonly query: string
  /** Names in lower case; of a name that came several times, what Node makes of it. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** An answer that nobody but the script gave. */
export interface ScriptedAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Default: empty. */
  readonly body?: string
}

/**
 * What goes wrong with one exchange. Bytes are those of the body, as they are framed inside HTTP's own chunks.
 *
 * - `reset`: the connection is reset. `before-request`: nothing reaches the target. `in-request`: so many bytes of the request's body do.
 *   `before-answer`: the target has carried it out, and its answer is lost. `after-head` and `in-answer`: the client has a part of the answer.
 * - `close`: so many bytes of the answer's body, and then the connection ends in good order.
 * - `shorten`: the answer is whole as HTTP has it, with a `Content-Length` that fits, and that many bytes are missing at its end.
 * - `corrupt`: one bit of the byte at that place is another one.
 * - `answer`: this answer instead of the target's. `executed`: the target has carried the request out all the same. Default false.
 * - `hang`: never an answer; the connection stays open until the client leaves it. `executed`: as above.
 * - `stall`: so many bytes of the answer's body, and then nothing, on a connection that stays open.
 * - `slow`: the body goes by in small pieces with a pause before each.
 */
export type UpstreamFault =
  | { readonly kind: 'reset'; readonly when: 'before-request' | 'before-answer' | 'after-head' }
  | { readonly kind: 'reset'; readonly when: 'in-request' | 'in-answer'; readonly afterBytes: number }
  | { readonly kind: 'close'; readonly afterBytes: number }
  | { readonly kind: 'shorten'; readonly bytes: number }
  | { readonly kind: 'corrupt'; readonly what: 'request' | 'answer'; readonly at: number }
  | { readonly kind: 'answer'; readonly answer: ScriptedAnswer; readonly executed?: boolean }
  | { readonly kind: 'hang'; readonly executed: boolean }
  | { readonly kind: 'stall'; readonly afterBytes: number }
  | { readonly kind: 'slow'; readonly what: 'request' | 'answer'; readonly chunkSize: number; readonly pauseMs: number }

/** Which requests go wrong, and how. What is not named matches everything. */
export interface UpstreamRule {
  readonly method?: string
  /** The whole path, or a pattern that it has to match somewhere. */
  readonly path?: string | RegExp
  /** The whole query, or a pattern that it has to match somewhere. */
  readonly query?: string | RegExp
  /** Only requests that do not have this header; its name in lower case. */
  readonly withoutHeader?: string
  /** The first of the matching requests that goes wrong, counted from 1. Default: 1. */
  readonly nth?: number
  /** How many of them go wrong from then on; `Infinity` for all. Default: 1. */
  readonly times?: number
  readonly fault: UpstreamFault
}

/** Rules, and how often each has matched. The first rule that is due says what goes wrong. */
export class UpstreamScript {
  readonly #rules: { readonly rule: UpstreamRule; matched: number }[] = []

  add(rules: readonly UpstreamRule[]): void {
    for (const rule of rules) this.#rules.push({ rule, matched: 0 })
  }

  clear(): void {
    this.#rules.length = 0
  }

  /** What goes wrong with this request, or null. Every rule that matches counts it. */
  next(request: UpstreamRequest): UpstreamFault | null {
    let fault: UpstreamFault | null = null
    for (const entry of this.#rules) {
      if (!matches(entry.rule, request)) continue
      entry.matched += 1
      const { nth = 1, times = 1 } = entry.rule
      if (fault === null && entry.matched >= nth && entry.matched < nth + times) fault = entry.rule.fault
    }
    return fault
  }
}

function matches({ method, path, query, withoutHeader }: UpstreamRule, request: UpstreamRequest): boolean {
  if (withoutHeader !== undefined && request.headers[withoutHeader] !== undefined) return false
  return (method === undefined || method === request.method) && fits(path, request.path) && fits(query, request.query)
}

function fits(wanted: string | RegExp | undefined, text: string): boolean {
  if (wanted === undefined) return true
  // search() takes no notice of lastIndex, so a pattern with the flag `g` is no trap.
  return typeof wanted === 'string' ? wanted === text : text.search(wanted) !== -1
}
