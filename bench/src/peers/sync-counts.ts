/** How often a server made bytes durable while it was traced. */
export interface SyncCounts {
  readonly puts: number
  readonly fdatasync: number
  /** Of files. */
  readonly fsync: number
  /** fsync or fdatasync of a directory: what makes a new name durable. */
  readonly directory: number
  /** sync and syncfs: everything there is. */
  readonly everything: number
  /** Files opened so that each write is durable (O_SYNC, O_DSYNC). */
  readonly synchronousOpens: number
  /** sync_file_range writes out, but promises nothing after a power cut. */
  readonly ranges: number
}

/** What strace has to look at for `parseSyncs`. */
export const TRACED_CALLS = 'fsync,fdatasync,sync,syncfs,sync_file_range,openat'

/** One of 20 may be missing: a commit that two requests shared. */
const DURABLE_SYNCS_PER_PUT = 0.95

type Call = keyof Omit<SyncCounts, 'puts'>

/** Counts what `strace -f -y -e trace=…` wrote. A call that another thread interrupted stands there twice and counts once. */
export function parseSyncs(trace: string, puts: number, isDirectory: (path: string) => boolean): SyncCounts {
  const counts: Record<Call, number> = { fdatasync: 0, fsync: 0, directory: 0, everything: 0, synchronousOpens: 0, ranges: 0 }
  for (const line of trace.split('\n')) {
    const call = callOf(line, isDirectory)
    if (call !== null) counts[call] += 1
  }
  return { puts, ...counts }
}

function callOf(line: string, isDirectory: (path: string) => boolean): Call | null {
  const [, name, rest = ''] = /^(?:\[pid +)?\d+\]? +(\w+)\((.*)/.exec(line) ?? []
  switch (name) {
    case 'fsync':
    case 'fdatasync': {
      const path = /^\d+<(.*?)>/.exec(rest)?.[1]
      return path !== undefined && isDirectory(path) ? 'directory' : name
    }
    case 'sync':
    case 'syncfs':
      return 'everything'
    case 'sync_file_range':
      return 'ranges'
    case 'openat':
      return /\bO_D?SYNC\b/.test(rest) && /\bO_(?:WRONLY|RDWR)\b/.test(rest) ? 'synchronousOpens' : null
    default:
      return null
  }
}

/** All that make something durable, for each PUT. */
export function syncsPerPut(counts: SyncCounts): number {
  return (counts.fdatasync + counts.fsync + counts.directory + counts.everything + counts.synchronousOpens) / counts.puts
}

/** Whether each acknowledged PUT had been made durable: of its directories nothing is asked. */
export function isDurable(counts: SyncCounts): boolean {
  return syncsPerPut({ ...counts, directory: 0 }) >= DURABLE_SYNCS_PER_PUT
}

const WORDS: Readonly<Record<Call, string>> = {
  fdatasync: 'fdatasync',
  fsync: 'fsync',
  directory: 'of a directory',
  everything: 'sync of everything',
  synchronousOpens: 'file opened for synchronous writes',
  ranges: 'sync_file_range',
}

/** The counts in words, each for one PUT. */
export function describeSyncs(counts: SyncCounts): string {
  const seen = (Object.keys(WORDS) as Call[]).filter((call) => counts[call] > 0)
  return seen.length === 0 ? 'none' : seen.map((call) => `${(counts[call] / counts.puts).toFixed(2)} ${WORDS[call]}`).join(', ')
}
