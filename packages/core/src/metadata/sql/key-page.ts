import type { NextPagePosition, PagePosition, Seek } from './key-range.ts'
import { seekBehindPrefix, seekOf } from './key-range.ts'
import type { KeySource, ScannedBatch, ScannedRow } from './key-source.ts'
import type { SqlProgram } from './sql-driver.ts'

/** What every listing by key asks. */
export interface KeyPageQuery {
  readonly prefix: string
  readonly delimiter: string | null
  readonly position: PagePosition | null
  readonly limit: number
  readonly rowsScannedMax: number
}

/** A page: rows and common prefixes in byte order, each in a list of its own. */
export interface KeyPage {
  readonly rows: readonly ScannedRow[]
  readonly commonPrefixes: readonly string[]
  readonly next: NextPagePosition | null
}

/** Rows looked at first where a delimiter may let most of them be skipped. */
const DELIMITED_STRETCH = 8
const STRETCH_MIN = 2
const STRETCH_MAX = 16_384
const STRETCH_GROWTH = 4

/**
 * Collects one page from rows in order. A delimiter is skipped by seeking behind a common prefix, but only once a visible row
 * has shown it. Counts every row it comes by, and stops at `rowsScannedMax` of them: the page is short then, and `next` moves on.
 */
export function* collectPage(source: KeySource, query: KeyPageQuery): SqlProgram<KeyPage> {
  const page = new PageUnderWay(query)
  let seek = seekOf(query.position, query.prefix)
  let stretch = query.delimiter === null ? query.limit + 1 : Math.min(query.limit + 1, DELIMITED_STRETCH)
  while (seek !== null) {
    const budget = query.rowsScannedMax - page.scanned
    if (budget <= 0) return page.stop()
    const batch: ScannedBatch = yield* source.fetch(seek, { stretch: Math.min(stretch, budget), visible: page.missing + 1 })
    const passed: Passed = yield* page.pass(batch)
    if (passed.full) return page.end()
    seek = passed.seek
    if (passed.skipped) stretch = Math.max(STRETCH_MIN, Math.floor(stretch / STRETCH_GROWTH))
    else stretch = Math.min(STRETCH_MAX, stretch * STRETCH_GROWTH)
    // Folder behind folder: from here on they are walked, until something comes that is in none.
    if (passed.skipped && seek !== null && source.folders !== undefined && query.rowsScannedMax > page.scanned) {
      const limit = Math.min(page.missing + 1, query.rowsScannedMax - page.scanned)
      const keys = yield* source.folders(seek, limit)
      if (keys !== null) {
        const walked = page.walk(keys, limit)
        if (walked.full) return page.end()
        seek = walked.seek
      }
    }
  }
  return page.finish()
}

/** Whether a page surely takes one statement: then it needs no transaction to be consistent. `simple` where a stretch of its source does. */
export function isOneStatement(query: KeyPageQuery, simple: boolean): boolean {
  return simple && query.delimiter === null && query.rowsScannedMax > query.limit && query.position?.tie == null
}

interface Passed {
  /** One entry more than the page holds was seen. */
  readonly full: boolean
  /** Whether the scan jumps over a common prefix now. */
  readonly skipped: boolean
  readonly seek: Seek | null
}

class PageUnderWay {
  readonly #query: KeyPageQuery
  readonly #rows: ScannedRow[] = []
  readonly #commonPrefixes: string[] = []
  /** Behind the last entry of the page. */
  #behindEntry: PagePosition | null = null
  /** Behind the last row that the scan came by. */
  #behindRow: PagePosition | null
  scanned = 0

  constructor(query: KeyPageQuery) {
    this.#query = query
    this.#behindRow = query.position
  }

  /** Takes the entries of a stretch, up to the end of it, to the end of the page, or to a jump. */
  *pass(batch: ScannedBatch): SqlProgram<Passed> {
    let under: string | null = null
    let visited = 0
    for (const row of batch.rows) {
      if (under !== null) {
        if (row.key.startsWith(under)) continue
        under = null
      }
      visited += 1
      if (!row.visible) {
        this.#behindRow = behind(row)
        continue
      }
      if (this.missing === 0) return { full: true, skipped: false, seek: null }
      under = this.#take(row)
      if (under !== null && batch.countTo !== null) {
        this.scanned += yield* batch.countTo(row)
        return { full: false, skipped: true, seek: seekBehindPrefix(under) }
      }
    }
    this.scanned += batch.countTo === null ? visited : batch.size
    if (under !== null) return { full: false, skipped: true, seek: seekBehindPrefix(under) }
    if (batch.countTo !== null && batch.end !== null) this.#behindRow = positionOf(batch.end)
    return { full: false, skipped: false, seek: batch.end }
  }

  /** Takes the folders that the first `limit` keys of a walk are in. */
  walk(keys: readonly string[], limit: number): Passed {
    let under: string | null = null
    for (const key of keys) {
      under = this.#commonOf(key)
      // In no folder: it is fetched, as it is.
      if (under === null) return { full: false, skipped: false, seek: { kind: 'at', key } }
      if (this.missing === 0) return { full: true, skipped: false, seek: null }
      this.scanned += 1
      this.#takeCommon(under)
    }
    return { full: false, skipped: true, seek: under === null || keys.length < limit ? null : seekBehindPrefix(under) }
  }

  /** How many entries the page has room for. */
  get missing(): number {
    return this.#query.limit - this.#rows.length - this.#commonPrefixes.length
  }

  /** Adds a visible row, or the common prefix that it reveals, which it then gives back. */
  #take(row: ScannedRow): string | null {
    const common = this.#commonOf(row.key)
    if (common !== null) this.#takeCommon(common)
    else {
      this.#rows.push(row)
      this.#behindEntry = behind(row)
      this.#behindRow = this.#behindEntry
    }
    return common
  }

  #commonOf(key: string): string | null {
    const { prefix, delimiter } = this.#query
    const at = delimiter === null ? -1 : key.indexOf(delimiter, prefix.length)
    return delimiter === null || at === -1 ? null : key.slice(0, at + delimiter.length)
  }

  #takeCommon(common: string): void {
    this.#commonPrefixes.push(common)
    this.#behindEntry = { after: common, skipPrefix: true, tie: null }
    this.#behindRow = this.#behindEntry
  }

  /** The page is full, and more is behind it. */
  end(): KeyPage {
    return this.#page(this.#behindEntry)
  }

  /** As many rows were looked at as may be. */
  stop(): KeyPage {
    return this.#page(this.#behindRow)
  }

  /** Nothing is behind it. */
  finish(): KeyPage {
    return this.#page(null)
  }

  #page(next: PagePosition | null): KeyPage {
    const shown = next !== null && this.#behindEntry !== null && isSamePlace(next, this.#behindEntry)
    return { rows: this.#rows, commonPrefixes: this.#commonPrefixes, next: next === null ? null : { ...next, shown } }
  }
}

function behind({ key, tie }: ScannedRow): PagePosition {
  return { after: key, skipPrefix: false, tie }
}

function positionOf(seek: Seek): PagePosition {
  if (seek.kind === 'at' && seek.past !== undefined) return { after: seek.past, skipPrefix: true, tie: null }
  return { after: seek.key, skipPrefix: false, tie: seek.kind === 'rest' ? seek.tie : null }
}

/** Where keys have one row each, its tie is 0, and as well not said. */
function isSamePlace(a: PagePosition, b: PagePosition): boolean {
  return a.after === b.after && a.skipPrefix === b.skipPrefix && (a.tie ?? 0) === (b.tie ?? 0)
}
