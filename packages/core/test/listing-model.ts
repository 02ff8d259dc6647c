import { compareBytes } from '../src/model/byte-order.ts'

/** A row as the model sees it. Rows of one key are ordered by `tie`, ascending. */
export interface ModelRow {
  readonly key: string
  readonly tie: number
  readonly visible: boolean
  /** What tells rows apart. */
  readonly id: string
}
export interface ModelPosition {
  readonly after: string
  readonly skipPrefix: boolean
  /** Only rows of `after` with a greater tie, then greater keys; null: only greater keys. */
  readonly tie: number | null
}
export interface ModelQuery {
  readonly prefix: string
  readonly delimiter: string | null
  readonly limit: number
  readonly rowsScannedMax: number
}
export interface ModelPage {
  readonly entries: readonly string[]
  readonly commonPrefixes: readonly string[]
  /** `shown` where it is behind an entry of this page. */
  readonly next: (ModelPosition & { readonly shown: boolean }) | null
}
/** With whether nothing is behind it: then `next` may be null, although it may also be as it is. */
export interface ExpectedPage extends ModelPage {
  readonly last: boolean
}

/** A page of a listing, by looking at every row: slow, and with no cleverness to be wrong. */
export function modelPage(all: readonly ModelRow[], query: ModelQuery, position: ModelPosition | null): ExpectedPage {
  const { prefix, delimiter, limit, rowsScannedMax } = query
  const rows = [...all]
    .sort((a, b) => compareBytes(a.key, b.key) || a.tie - b.tie)
    .filter(({ key }) => key.startsWith(prefix))
    .filter((row) => position === null || isBehind(row, position))
  const entries: string[] = []
  const commonPrefixes: string[] = []
  let behindEntry: ModelPage['next'] = position === null ? null : { ...position, shown: false }
  let behindRow: ModelPage['next'] = behindEntry
  let scanned = 0
  for (const row of rows) {
    const last = commonPrefixes.at(-1)
    if (last !== undefined && row.key.startsWith(last)) continue
    if (scanned === rowsScannedMax) return { entries, commonPrefixes, next: behindRow, last: false }
    scanned += 1
    const here = { after: row.key, skipPrefix: false, tie: row.tie, shown: row.visible }
    if (!row.visible) {
      behindRow = here
      continue
    }
    if (entries.length + commonPrefixes.length === limit) return { entries, commonPrefixes, next: behindEntry, last: false }
    const at = delimiter === null ? -1 : row.key.slice(prefix.length).indexOf(delimiter)
    if (delimiter === null || at === -1) {
      entries.push(row.id)
      behindEntry = here
    } else {
      const common = row.key.slice(0, prefix.length + at + delimiter.length)
      commonPrefixes.push(common)
      behindEntry = { after: common, skipPrefix: true, tie: null, shown: true }
    }
    behindRow = behindEntry
  }
  // At the last row that may be looked at nobody knows that it is the last of all.
  return { entries, commonPrefixes, next: scanned === rowsScannedMax ? behindRow : null, last: true }
}

function isBehind({ key, tie }: ModelRow, position: ModelPosition): boolean {
  if (position.skipPrefix) return !key.startsWith(position.after) && compareBytes(key, position.after) > 0
  const order = compareBytes(key, position.after)
  return order > 0 || (order === 0 && position.tie !== null && tie > position.tie)
}
