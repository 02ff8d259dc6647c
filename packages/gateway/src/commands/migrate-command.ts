import { moveMetadata, takeBackMetadata } from '@stowage/core'
import type { MovedMetadata, MoveStep } from '@stowage/core'
import { checkBytesReachable } from '../stores/check-bytes-reachable.ts'
import { withMarkedMetadata } from '../stores/marked-metadata.ts'
import { formatMetadataLocation, parseMetadataLocation } from '../stores/metadata-location.ts'
import type { MetadataLocation } from '../stores/metadata-location.ts'
import { metadataFromEnvironment } from '../stores/stores.ts'
import type { CliContext } from './cli-context.ts'
import { EXIT } from './cli-context.ts'
import { progressBar } from './progress-bar.ts'
import { untilSignal } from './until-signal.ts'

/** What `stowage migrate` was told. */
export interface MigrateOptions {
  /** `sqlite:…` or `postgres://…`. One of the two may come from the environment. */
  readonly from?: string
  /** As `from`. */
  readonly to?: string
  /** The schema of `from`, in Postgres. */
  readonly fromSchema?: string
  /** The schema of `to`, in Postgres. */
  readonly toSchema?: string
  /** Gives the move of `from` up instead. */
  readonly takeBack?: boolean
  /** One line of JSON, as also where nobody is looking. */
  readonly json?: boolean
}

/** Brings metadata from SQLite to Postgres, or back: nobody serves either meanwhile. */
export async function migrateCommand(options: MigrateOptions, context: CliContext): Promise<number> {
  const readable = options.json !== true && context.stdout.isTTY === true
  const say = (sentence: string, value: unknown): void => void context.stdout.write(`${readable ? sentence : JSON.stringify(value)}\n`)
  const fromEnvironment = metadataFromEnvironment(context.env)
  if (options.takeBack === true) {
    if (options.to !== undefined || options.toSchema !== undefined) throw new Error('--take-back is about --from alone.')
    const from = await locate(options.from ?? fromEnvironment, options.fromSchema, 'from')
    const to = await withMarkedMetadata(from, { mustExist: true }, takeBackMetadata)
    say(`It may be served again. What was, or was to be, in ${to} must not be.`, { takenBack: formatMetadataLocation(from), from: to })
    return EXIT.ok
  }
  if (options.from === undefined && options.to === undefined) throw new Error('--from and --to say what is moved where.')
  const from = await locate(options.from ?? fromEnvironment, options.fromSchema, 'from')
  const to = await locate(options.to ?? fromEnvironment, options.toSchema, 'to')
  const moved = await move(from, to, context)
  const names = { from: formatMetadataLocation(from), to: formatMetadataLocation(to) }
  say(sentence(moved, names.to), { ...names, rows: moved.rows, resumed: moved.resumed, tables: moved.tables })
  return EXIT.ok
}

function locate(text: string | undefined, schema: string | undefined, option: 'from' | 'to'): Promise<MetadataLocation> {
  if (text === undefined) throw new Error(`--${option} is missing, and STOWAGE_METADATA does not say it either.`)
  return parseMetadataLocation(text, schema ?? null)
}

async function move(from: MetadataLocation, to: MetadataLocation, context: CliContext): Promise<MovedMetadata> {
  const signal = untilSignal(context.process)
  const stop = new AbortController()
  void signal.received.then(() => stop.abort(new Error('Stopped. The same command goes on from here.')))
  const bar = progressBar(context.stderr, () => performance.now())
  const names = { from: formatMetadataLocation(from), to: formatMetadataLocation(to) }
  const onProgress = (step: MoveStep): void => show(bar.update, step)
  try {
    return await withMarkedMetadata(from, { mustExist: true }, async (source) => {
      await checkBytesReachable(source, from, to)
      return withMarkedMetadata(to, { mustExist: false }, (target) =>
        moveMetadata({ from: source, to: target, names, onProgress, signal: stop.signal }),
      )
    })
  } finally {
    bar.end()
    signal.forget()
  }
}

const LABELS: Readonly<Record<MoveStep['phase'], string>> = { look: 'looked at', copy: 'copied', compare: 'compared' }

function show(update: (done: number, total: number, label: string) => void, { phase, done, total }: MoveStep): void {
  update(done, total, `${LABELS[phase]} ${done} of ${total} rows`)
}

function sentence({ rows, tables }: MovedMetadata, to: string): string {
  return `Moved ${rows} rows of ${tables.length} tables to ${to}: counts and digests of both sides agree. The former place is not served any more.`
}
