import { setImmediate } from 'node:timers/promises'
import type { CopiedRow, CopiedRowsPage, CopiedTable, StoreRows } from '../../metadata/copying.ts'

/** Rows of a page at the most, and at first: few, since nobody knows yet how long they are. */
const ROWS_MAX = 500
const ROWS_AT_FIRST = 50
/** What a page is to come to. Bytes. */
const PAGE_BYTES = 4 * 1024 * 1024

/**
 * All pages of a table, behind a key; at least one. Each as large as memory is glad of: of bytes, which may be any number, by their lengths; of
 * texts, which are short, by the page before. Between two of them others have a turn: an embedded store answers at once.
 */
export async function* rowPages(
  rows: StoreRows,
  table: CopiedTable,
  { after, signal }: { readonly after: CopiedRow | null; readonly signal: AbortSignal | undefined },
): AsyncGenerator<CopiedRowsPage> {
  let limit = ROWS_AT_FIRST
  let behind = after
  do {
    signal?.throwIfAborted()
    const page: CopiedRowsPage = await rows.rows({ table, after: behind, limit, bytesMax: PAGE_BYTES })
    yield page
    await setImmediate()
    behind = page.next
    const bytes = page.rows.reduce((sum, row) => sum + sizeOf(row), 0)
    const fitting = Math.floor((PAGE_BYTES * page.rows.length) / Math.max(1, bytes))
    limit = Math.max(1, Math.min(ROWS_MAX, fitting, limit * 2))
  } while (behind !== null)
}

function sizeOf(row: CopiedRow): number {
  return row.reduce<number>((sum, value) => sum + (value === null || typeof value === 'number' ? 8 : value.length), 0)
}
