import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openEngine, ownersOnly } from '@stowage/core'
import type { Backend, MetadataStore, Observer } from '@stowage/core'
import { LEASES } from './leases.ts'

const CHILD = fileURLToPath(new URL('collector-child.ts', import.meta.url))
const WITHIN_MS = 30_000

/** Where the garbage is, for both processes. */
export interface TakeOverOptions {
  readonly url: string
  /** Where the bytes are. */
  readonly directory: string
  /** How far the store's clock is ahead, so that all grace is over. */
  readonly aheadMs: number
  /** The same stores, for the process that takes over. */
  readonly stores: { readonly metadata: MetadataStore; readonly backend: Backend }
}

/**
 * Kills a process in the middle of collecting garbage, and lets another one take the job over and bring it to its end. Gives back what went
 * wrong.
 */
export async function takeOverFromDead(options: TakeOverOptions): Promise<readonly string[]> {
  const dead = await killInTheMiddle(options)
  if (dead !== null) return [dead]
  const { stores } = options
  const events: { readonly name: string; readonly fields: Readonly<Record<string, unknown>> }[] = []
  const observer: Observer = { event: (name, fields) => void events.push({ name, fields }) }
  const engine = await openEngine({ ...stores, policy: ownersOnly(), limits: LEASES, observer, background: { garbageEverySeconds: 0.1 } })
  try {
    const until = performance.now() + WITHIN_MS
    while (performance.now() < until) {
      const { rows } = await stores.metadata.inspection.garbage({ after: null, limit: 1 })
      if (rows.length === 0 && events.some(({ name }) => name === 'job.taken-over')) return []
      await sleep(50)
    }
    const told = events.filter(({ name }) => name.startsWith('job.') && name !== 'job.ended').map((each) => JSON.stringify(each))
    return [`the garbage of a collector that was killed was not collected within 30 s: ${told.join(', ')}`]
  } finally {
    await engine.close()
  }
}

/** Null where it went as it should. */
async function killInTheMiddle({ url, directory, aheadMs }: TakeOverOptions): Promise<string | null> {
  const args = ['-C', '@stowage/source', CHILD, url, directory, String(aheadMs)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = once(child, 'close')
  const begun = await Promise.race([
    once(child.stdout, 'data').then(() => true),
    ended.then(() => false),
    sleep(WITHIN_MS, false, { ref: false }),
  ])
  child.kill('SIGKILL')
  await ended
  return begun ? null : `a process that was to collect garbage did not begin: ${stderr}`
}
