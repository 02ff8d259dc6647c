import { readdirSync } from 'node:fs'
import { residentMemory, resetPeakMemory, statFields } from './process-usage.ts'

/** Linux counts CPU time in hundredths of a second for user space (USER_HZ). */
const TICKS_PER_SECOND = 100

/** A process and all that descends from it, as it is now. */
export function processTree(root: number): readonly number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const parent = whileAlive(() => Number(statFields(Number(name))[1]), null)
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const tree = [root]
  for (const pid of tree) tree.push(...(children.get(pid) ?? []))
  return tree
}

/** CPU seconds that a tree has used: its processes, all their threads, and those of their children that have ended. */
export function treeCpuSeconds(root: number): number {
  const ticks = processTree(root).flatMap((pid) => whileAlive(() => statFields(pid).slice(11, 15).map(Number), []))
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND
}

/** Resident memory of a tree at its peak since the last reset, in MiB: the sum of the peaks. */
export function treePeakMemory(root: number): number {
  return processTree(root).reduce((sum, pid) => sum + whileAlive(() => residentMemory(pid).peak, 0), 0)
}

/** Makes the present size of each process the peak. */
export function resetTreePeakMemory(root: number): void {
  for (const pid of processTree(root)) whileAlive(() => resetPeakMemory(pid), undefined)
}

/** A process may end between the listing and the reading. */
function whileAlive<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch {
    return otherwise
  }
}
