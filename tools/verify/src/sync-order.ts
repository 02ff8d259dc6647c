import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runChild } from './crash/run-child.ts'
import { withTemporaryDirectory } from './crash/temporary-directory.ts'
import { program, ptrace } from './needs.ts'
import type { StepResult, VerifyStep } from './step.ts'

/** Reads off a trace that syncs happen, and in which order. */
export const syncOrder: VerifyStep = {
  name: 'sync-order',
  claim:
    'For a blob, the intent is durable before its file is made, the file before its directory, and both before the commit that names it.',
  needs: [program('strace'), ptrace],
  run: () => withTemporaryDirectory(run),
}

async function run(directory: string): Promise<StepResult> {
  const data = join(directory, 'data')
  const prepared = await runChild(data, 'put-blob', { mode: 'prepare' })
  if (prepared.code !== 0) throw new Error(prepared.stderr)
  const trace = join(directory, 'trace')
  const under = ['strace', '-f', '-y', '-qq', '-o', trace, '-e', 'trace=openat,write,writev,pwrite64,pwritev,fdatasync,fsync']
  const result = await runChild(data, 'put-blob', { under })
  if (result.code !== 0) throw new Error(result.stderr)
  const events = readEvents(await readFile(trace, 'utf8'))
  return { cases: 1, failures: problemsOf(events), notes: [events.join(' → ')] }
}

type Event = 'wal-write' | 'wal-sync' | 'blob-open' | 'blob-write' | 'blob-sync' | 'directory-sync' | 'acknowledged'

/** The events between the beginning of the trace and the acknowledgement; runs of one kind count as one. */
function readEvents(trace: string): readonly Event[] {
  const events: Event[] = []
  for (const line of trace.split('\n')) {
    const event = eventOf(line)
    if (event !== null && events.at(-1) !== event) events.push(event)
    if (event === 'acknowledged') break
  }
  return events
}

function eventOf(line: string): Event | null {
  if (/write\(1<[^>]*>, "ACK\\n"/.test(line)) return 'acknowledged'
  if (/openat\(.*\/blobs\/.*O_EXCL/.test(line)) return 'blob-open'
  if (/(?:p?writev?(?:64)?)\(\d+<[^>]*\/blobs\//.test(line)) return 'blob-write'
  if (/fdatasync\(\d+<[^>]*\/blobs\//.test(line)) return 'blob-sync'
  if (/fsync\(\d+<[^>]*\/blobs\//.test(line)) return 'directory-sync'
  if (/pwrite64\(\d+<[^>]*metadata\.sqlite-wal/.test(line)) return 'wal-write'
  if (/fdatasync\(\d+<[^>]*metadata\.sqlite-wal/.test(line) || /fsync\(\d+<[^>]*metadata\.sqlite-wal/.test(line)) return 'wal-sync'
  return null
}

/** Holds the events against the order that invariant I1 and I6 need. */
function problemsOf(events: readonly Event[]): readonly string[] {
  const problems: string[] = []
  const opened = events.indexOf('blob-open')
  const acknowledged = events.indexOf('acknowledged')
  const order: readonly (readonly [Event, number])[] = [
    ['blob-write', opened],
    ['blob-sync', events.indexOf('blob-write')],
    ['directory-sync', events.indexOf('blob-sync')],
    ['wal-write', events.indexOf('directory-sync')],
    ['wal-sync', events.indexOf('wal-write', events.indexOf('directory-sync'))],
  ]
  if (opened < 0) problems.push('no blob was made')
  if (acknowledged < 0) problems.push('nothing was acknowledged')
  if (events.lastIndexOf('wal-sync', opened) < 0) problems.push('the blob was made before its intent was durable')
  for (const [event, after] of order) {
    const at = events.indexOf(event, Math.max(0, after))
    if (after < 0 || at < 0 || at > acknowledged) problems.push(`${event} is missing, or in the wrong place`)
  }
  return problems
}
