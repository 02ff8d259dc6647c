import { isStorageError, StorageError } from '../../errors/storage-error.ts'
import type { CopiedRow, CopiedTable, StoreCopying, StoreMark } from '../../metadata/copying.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { createIds } from '../../util/ids.ts'
import type { Ids } from '../../util/ids.ts'
import { DEFAULT_LIMITS } from '../limits.ts'
import { copiedTables, tableName } from './copied-tables.ts'
import type { CopiedTables } from './copied-tables.ts'
import { copyTables, NO_PROGRESS, readProgress, writeMarked, writeOrRefuse } from './copy-tables.ts'
import { checkSame, surveyTables } from './survey-tables.ts'
import type { TableSurvey } from './survey-tables.ts'

/** How far a move is. */
export interface MoveStep {
  /** `look`: every row is read once before anything is written. `copy`: rows are written. `compare`: rows of both sides are read. */
  readonly phase: 'look' | 'copy' | 'compare'
  /** Rows of this phase, until now. */
  readonly done: number
  readonly total: number
}

/** What is moved where. Both stores are open, and were made with `openMarked`. */
export interface MoveMetadataOptions {
  /** Used by nobody, and by nobody again. */
  readonly from: MetadataStore
  /** Empty, or what a former call has left. To be closed afterwards, and opened anew to be used. */
  readonly to: MetadataStore
  /** What the two are called in what is kept of the move, and shown. No secrets. */
  readonly names: { readonly from: string; readonly to: string }
  /** Makes the id of the move. */
  readonly ids?: Ids
  /** A process that has not been heard of for so long has neither open. Seconds. Default: `processLeaseSeconds`. */
  readonly leaseSeconds?: number
  /** Hears how far it is, page by page. */
  readonly onProgress?: (step: MoveStep) => void
  /** Stops it; it rejects then, and the next call goes on. */
  readonly signal?: AbortSignal
}

/** What was moved: every table, as it was read from both sides. */
export interface MovedMetadata {
  readonly tables: readonly TableSurvey[]
  readonly rows: number
  /** Whether a former call had begun it. */
  readonly resumed: boolean
}

/**
 * Brings all rows of a store into another one, of whatever kind, and compares both by counts and digests. Blobs are not touched: both
 * name the same ones, so only one of the stores may be used: from its beginning the source refuses to be opened, the target until its end.
 *
 * Whatever stops it, the same call goes on. Rejects with `StoreNotUsable` where one of them is in use, where the target has rows or is the
 * copy of another store, and where the copy turns out not to be what was copied; with `InvalidArgument` for a value that the target can
 * never keep, before anything is written.
 */
export async function moveMetadata(options: MoveMetadataOptions): Promise<MovedMetadata> {
  const { from, to, signal, leaseSeconds = DEFAULT_LIMITS.processLeaseSeconds } = options
  const [source, target] = [from.copying, to.copying]
  const state = { source: await source.readMark(), target: await target.readMark() }
  const begun = checkMarks(state, options.names)
  const progress = new Progress(options.onProgress)
  const silent = { onlySilentForSeconds: leaseSeconds }
  const marks = begun ?? (await begin({ ...options, silent, sourceMark: state.source, progress }))
  const { tables } = await copiedTables(source)
  progress.begin('copy', await countAll(source, tables))
  if (begun !== null) progress.add(await countAll(target, doneTables(tables, begun.target)))
  const onRows = (_: CopiedTable, { length }: readonly CopiedRow[]): void => progress.add(length)
  const copied = await copyTables({ rows: source, tables, to: target, mark: marks.target, onRows, signal })
  const surveys = await compare({ source, target, tables, progress, signal })
  // From the first of these two on nobody serves the source any more, from the second on somebody may serve the target.
  if (marks.source.body.state === 'moving') {
    await writeMarked(source, marks.source, { mark: { ...marks.source.body, state: 'moved' }, ...silent })
  }
  await writeOrRefuse(target, { expected: copied.version, mark: null, ...silent })
  return { tables: surveys, rows: surveys.reduce((sum, { rows }) => sum + rows, 0), resumed: begun !== null }
}

interface Marks {
  readonly source: StoreMark
  readonly target: StoreMark
}

/** Those of a move that can go on; null where one may begin. Throws where neither is so. */
function checkMarks(
  { source, target }: { readonly [K in keyof Marks]: Marks[K] | null },
  names: MoveMetadataOptions['names'],
): Marks | null {
  const refuse = (reason: string): never => {
    throw new StorageError('StoreNotUsable', { reason })
  }
  if (source !== null && source.body.state !== 'moving' && source.body.state !== 'moved') {
    return refuse(`what is to be moved is a ${source.body.state === 'backup' ? 'backup' : 'copy that is not finished'}`)
  }
  if (target === null) {
    if (source === null) return null
    const { state, to } = source.body
    if (state === 'moved') return refuse(`it has been moved to ${named(to)} already`)
    return to === names.to ? null : refuse(`it is being moved to ${named(to)}: that must end, or be taken back, first`)
  }
  const { state, copy } = target.body
  if (state !== 'copying') return refuse(`the target is marked as ${state}`)
  if (source === null || source.body['copy'] !== copy) {
    return refuse(`the target is the unfinished copy of another store, or of another state: ${named(target.body['from'])}`)
  }
  return { source, target }
}

function named(value: unknown): string {
  return typeof value === 'string' ? value : 'another store'
}

interface Beginning extends MoveMetadataOptions {
  readonly silent: { readonly onlySilentForSeconds: number }
  readonly sourceMark: StoreMark | null
  readonly progress: Progress
}

/** Marks both, the source first: while nothing has been copied, it may begin anew, into another target. */
async function begin({ from, to, names, ids = createIds(), silent, sourceMark, progress, signal }: Beginning): Promise<Marks> {
  const copy = ids.uuid()
  const body = { state: 'moving', copy, to: names.to } as const
  const source = await writeMarked(from.copying, sourceMark ?? { version: null }, { mark: body, ...silent })
  try {
    const found = await copiedTables(from.copying)
    await checkRelations(to, found)
    progress.begin('look', await countAll(from.copying, found.tables))
    await surveyTables(from.copying, found.tables, { onRows: progress.add, check: keepable(to.copying, from.copying), signal })
    const mark = { state: 'copying', copy, from: names.from, ...NO_PROGRESS } as const
    return {
      source,
      target: await writeMarked(to.copying, { version: null }, { mark: { ...mark, after: null }, onlyEmpty: true, ...silent }),
    }
  } catch (error) {
    // Nothing was begun: it may be served as before. After an outcome that nobody knows the target may say otherwise.
    const isCertain = isStorageError(error) && (error.code === 'StoreNotUsable' || error.code === 'InvalidArgument')
    if (isCertain || signal?.aborted === true)
      await writeOrRefuse(from.copying, { expected: source.version, mark: sourceMark?.body ?? null })
    throw error
  }
}

/** A table that the database has from elsewhere must be there as well. */
async function checkRelations(to: MetadataStore, { foreign }: CopiedTables): Promise<void> {
  const faults = await to.inspectRelationTables(foreign)
  for (const [at, fault] of faults.entries()) {
    if (fault === null) continue
    const column = fault.column === null ? '' : `.${fault.column}`
    throw new StorageError('InvalidArgument', { argument: `the relation ${foreign[at]?.name}${column}`, reason: fault.reason })
  }
}

/** Refuses, by its place, a text that the target can never keep. */
function keepable(target: StoreCopying, source: StoreCopying): (table: CopiedTable, row: CopiedRow) => void {
  return (table, row) => {
    const { names, key, json } = source.columns(table)
    for (const [at, value] of row.entries()) {
      if (typeof value !== 'string') continue
      // In JSON such characters are escapes.
      const fault = target.textFault(json.includes(names[at] ?? '') ? unescaped(value) : value)
      if (fault === null) continue
      const place = JSON.stringify(key.map((name) => row[names.indexOf(name)]))
      throw new StorageError('InvalidArgument', { argument: `${names[at]} of ${tableName(table)} ${place}`, reason: fault })
    }
  }
}

/** JSON text with the characters that stand in it as numbers. */
function unescaped(text: string): string {
  return text.replace(/\\(?:u([0-9a-f]{4})|.)/gi, (escape, code: string | undefined) =>
    code === undefined ? escape : String.fromCharCode(Number.parseInt(code, 16)),
  )
}

interface Comparison {
  readonly source: StoreCopying
  readonly target: StoreCopying
  readonly tables: readonly CopiedTable[]
  readonly progress: Progress
  readonly signal: AbortSignal | undefined
}

async function compare({ source, target, tables, progress, signal }: Comparison): Promise<readonly TableSurvey[]> {
  progress.begin('compare', (await countAll(source, tables)) + (await countAll(target, tables)))
  const options = { onRows: progress.add, signal }
  const wanted = await surveyTables(source, tables, options)
  const found = await surveyTables(target, tables, options)
  checkSame(wanted, found)
  if ((await target.sequence()) < (await source.sequence())) {
    throw new StorageError('StoreNotUsable', { reason: 'the commit sequence of the copy is behind that of what was copied' })
  }
  return wanted
}

async function countAll(rows: StoreCopying, tables: readonly CopiedTable[]): Promise<number> {
  let sum = 0
  for (const table of tables) sum += await rows.count(table)
  return sum
}

/** Those that a former call has begun: of others there may be no table yet. */
function doneTables(tables: readonly CopiedTable[], mark: StoreMark): readonly CopiedTable[] {
  const { table } = readProgress(mark)
  return tables.slice(0, tables.findIndex((each) => tableName(each) === table) + 1)
}

class Progress {
  readonly #tell: ((step: MoveStep) => void) | undefined
  #step: MoveStep = { phase: 'look', done: 0, total: 0 }

  constructor(tell: ((step: MoveStep) => void) | undefined) {
    this.#tell = tell
  }

  begin(phase: MoveStep['phase'], total: number): void {
    this.#step = { phase, done: 0, total }
    this.#tell?.(this.#step)
  }

  readonly add = (count: number): void => {
    this.#step = { ...this.#step, done: this.#step.done + count }
    this.#tell?.(this.#step)
  }
}
