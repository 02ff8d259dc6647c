import { StorageError } from '../../errors/storage-error.ts'
import type { CopiedRow, CopiedTable, StoreCopying, StoreMark, StoreRows, WriteCopyCommand } from '../../metadata/copying.ts'
import type { JsonValue } from '../../model/json-value.ts'
import { assert } from '../../util/assert.ts'
import { tableName } from './copied-tables.ts'
import { rowPages } from './row-pages.ts'

/** How far a copy is, as the mark of the store that it is made in keeps it. */
export interface CopyProgress {
  /** The table that was written last; null where none was. */
  readonly table: string | null
  /** Its last row that is there; null where it is whole. */
  readonly after: CopiedRow | null
}

/** Nothing has been copied yet. */
export const NO_PROGRESS: CopyProgress = { table: null, after: null }

/** What is copied, and where to. */
export interface CopyTablesOptions {
  /** What is read. */
  readonly rows: StoreRows
  /** In the order of every run. */
  readonly tables: readonly CopiedTable[]
  /** What is written. */
  readonly to: StoreCopying
  /** The mark that the target has. */
  readonly mark: StoreMark
  /** Hears of rows that have been written. */
  readonly onRows: (table: CopiedTable, rows: readonly CopiedRow[]) => void
  /** Stops it between pages. */
  readonly signal: AbortSignal | undefined
}

/** Copies the rows that are not there yet, and then what else there is; gives back the mark that the target has then. */
export async function copyTables({ rows, tables, to, mark, onRows, signal }: CopyTablesOptions): Promise<StoreMark> {
  let current = mark
  const begun = readProgress(mark)
  const at = begun.table === null ? -1 : tables.findIndex((table) => tableName(table) === begun.table)
  assert(at >= 0 || begun.table === null, `a copy has come to ${begun.table}, and there is no such table`)
  const first = begun.after === null ? at + 1 : at
  for (const [index, table] of tables.entries()) {
    if (index < first) continue
    let after = index === at ? begun.after : null
    let makesTable = after === null && typeof table !== 'string'
    for await (const page of rowPages(rows, table, { after, signal })) {
      after = page.next
      const body = { ...current.body, table: tableName(table), after: after === null ? null : encodeKey(after) }
      current = await writeMarked(to, current, {
        mark: body,
        insert: { table, rows: page.rows },
        ...(makesTable && typeof table !== 'string' ? { makeTable: table } : {}),
      })
      makesTable = false
      onRows(table, page.rows)
    }
  }
  return await writeMarked(to, current, { mark: current.body, sequence: await rows.sequence() })
}

/** Writes what must go with the mark that is there; gives back the one that is there then. Throws where the store refuses. */
export async function writeMarked(
  store: StoreCopying,
  { version }: Pick<StoreMark, 'version'> | { readonly version: null },
  command: Omit<WriteCopyCommand, 'expected' | 'mark'> & { readonly mark: StoreMark['body'] },
): Promise<StoreMark> {
  const written = await writeOrRefuse(store, { ...command, expected: version })
  assert(written !== null, 'a mark that is written has a version')
  return { version: written, body: command.mark }
}

/** Writes what must go with the mark that is there. Throws where the store refuses. */
export async function writeOrRefuse(store: StoreCopying, command: WriteCopyCommand): Promise<number | null> {
  const written = await store.write(command)
  switch (written.outcome) {
    case 'written':
      return written.version
    case 'conflict':
      throw new StorageError('StoreNotUsable', { reason: 'another process copies it, or into it, just now' })
    case 'not-empty':
      throw new StorageError('StoreNotUsable', {
        reason: `what is copied goes into an empty one, and this one has rows in ${written.table}`,
      })
    case 'in-use': {
      const since = `a process said ${written.secondsAgo} seconds ago that it has it open`
      throw new StorageError('StoreNotUsable', { reason: `${since}; one that was killed is believed dead after a minute` })
    }
  }
}

function encodeKey(key: CopiedRow): JsonValue {
  return key.map((value) => {
    assert(!(value instanceof Uint8Array), 'no key has bytes')
    return value
  })
}

/** How far the copy is that a mark speaks of. */
export function readProgress({ body }: StoreMark): CopyProgress {
  const { table, after } = body
  const key = after === null || after === undefined ? null : after
  assert((table === null || typeof table === 'string') && (key === null || isKey(key)), 'the mark of the copy cannot be read')
  return { table, after: key }
}

function isKey(value: JsonValue): value is readonly (string | number | null)[] {
  return Array.isArray(value) && value.every((each) => each === null || typeof each === 'string' || typeof each === 'number')
}
