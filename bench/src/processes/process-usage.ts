import { readFileSync, writeFileSync } from 'node:fs'

/** Linux counts CPU time in hundredths of a second for user space (USER_HZ). */
const TICKS_PER_SECOND = 100

/** What a process, all its threads together, has used up to now. */
export interface ProcessUsage {
  readonly userSeconds: number
  readonly systemSeconds: number
}

/** What /proc/PID/stat holds from the third field on: state, parent, …, utime and stime (14 and 15), those of children waited for. */
export function statFields(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // The name in brackets may hold spaces; fields are counted from behind it.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** CPU time of a process from /proc: its threads counted, its children not. */
export function processUsage(pid: number): ProcessUsage {
  const fields = statFields(pid)
  return { userSeconds: Number(fields[11]) / TICKS_PER_SECOND, systemSeconds: Number(fields[12]) / TICKS_PER_SECOND }
}

/** CPU seconds between two readings. */
export function usedSeconds(before: ProcessUsage, after: ProcessUsage): number {
  return after.userSeconds - before.userSeconds + after.systemSeconds - before.systemSeconds
}

/** Resident memory now, and at its peak since the last reset, in MiB. */
export function residentMemory(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? NaN) / 1024
  return { now: field('VmRSS'), peak: field('VmHWM') }
}

/** Makes the present size the peak. */
export function resetPeakMemory(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}
