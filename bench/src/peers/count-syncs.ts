import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { LoadRun } from '../load/load-plan.ts'
import { processTree } from '../processes/process-tree.ts'
import type { PeerBench } from './peer-bench.ts'
import type { PeerServer } from './peer-server.ts'
import { parseSyncs, syncsPerPut, TRACED_CALLS } from './sync-counts.ts'
import type { SyncCounts } from './sync-counts.ts'

const PUTS = 200
const WARM_UP_PUTS = 20
const ATTACH_SECONDS_MAX = 10

/** Puts small objects one after the other while strace watches which calls make them durable. */
export async function countSyncs(bench: PeerBench): Promise<void> {
  const fault = await straceFault()
  if (fault !== null) {
    bench.syncsMissing = fault
    bench.options.log(`  syncs            not counted: ${fault}`)
    return
  }
  await bench.withServers(['syncs'], async (servers) => {
    const measure = async (server: PeerServer): Promise<{ readonly syncsPerPut: number }> => {
      const counts = await traced(bench, server)
      bench.syncs.set(server.peer.id, counts)
      return { syncsPerPut: syncsPerPut(counts) }
    }
    await bench.interleave('syncs', servers, { measure, rounds: 1, warmsUp: false })
  })
}

/** Why syncs cannot be counted, or null where they can. */
async function straceFault(): Promise<string | null> {
  try {
    await promisify(execFile)('strace', ['-qq', '-e', 'trace=none', 'true'])
    return null
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'strace is not installed' : 'strace may not trace here'
  }
}

async function traced(bench: PeerBench, server: PeerServer): Promise<SyncCounts> {
  await bench.run(server, putsOf('before-', WARM_UP_PUTS))
  const tree = processTree(server.pid)
  const trace = join(server.directory, 'trace')
  const watched = tree.flatMap((pid) => ['-p', `${pid}`])
  const strace = spawn('strace', ['-f', '-y', '-qq', '-o', trace, '-e', `trace=${TRACED_CALLS}`, ...watched], { stdio: 'ignore' })
  const ended = once(strace, 'exit')
  try {
    await untilTraced(tree)
    await bench.run(server, putsOf('traced-', PUTS))
  } finally {
    strace.kill('SIGINT')
    await ended
  }
  return parseSyncs(await readFile(trace, 'utf8'), PUTS, isDirectory)
}

function putsOf(prefix: string, count: number): LoadRun {
  return { plan: { kind: 'put', keys: { bucket: 'bench', prefix }, size: 4096, distinct: count, count }, concurrency: 1, secondsMax: 60 }
}

/** Waits until each thread is watched: what one does before would not be counted. */
async function untilTraced(pids: readonly number[]): Promise<void> {
  for (let waited = 0; waited < ATTACH_SECONDS_MAX; waited += 0.05) {
    await sleep(50)
    if (pids.every(isTraced)) return
  }
  throw new Error('strace does not get hold of it')
}

function isTraced(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) => {
    return !/^TracerPid:\s+0$/m.test(readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8'))
  })
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
