import { setTimeout as sleep } from 'node:timers/promises'
import type { PostgresClient, PostgresPool } from '../../src/metadata/postgres/postgres-pool.ts'

/** How the connection is lost at a COMMIT: the server has done it; it never heard of it; it does it later, when nobody listens. */
export type CommitFault = 'lost, done' | 'lost, undone' | 'lost, late'

export const COMMIT_FAULTS: readonly CommitFault[] = ['lost, done', 'lost, undone', 'lost, late']

/** Which COMMIT fails. `failAt` 0 fails none. */
export interface CommitPlan {
  commits: number
  failAt: number
  fault: CommitFault
  /** Resolves when no COMMIT is under way any more that somebody has given up. */
  late: Promise<unknown>
}

const LATE_MS = 30

/** A pool of real connections, one of which breaks at the n-th COMMIT. */
export function doubtfulPool(pool: PostgresPool, plan: CommitPlan): PostgresPool {
  return { connect: async () => doubtfulClient(await pool.connect(), plan) }
}

function doubtfulClient(client: PostgresClient, plan: CommitPlan): PostgresClient {
  let gone = false
  return {
    pipeline: client.pipeline ?? false,
    on: (event, listener) => client.on(event, listener),
    removeListener: (event, listener) => client.removeListener(event, listener),
    // A connection that was given up is not back in the pool before its server is done with it.
    release: (destroy) => (gone ? undefined : client.release(destroy)),
    query: async (query) => {
      if (gone) throw lost()
      if (query.text !== 'COMMIT') return client.query(query)
      plan.commits += 1
      if (plan.commits !== plan.failAt) return client.query(query)
      gone = true
      const end = async (): Promise<void> => {
        if (plan.fault === 'lost, late') await sleep(LATE_MS)
        if (plan.fault !== 'lost, undone') await client.query(query)
        client.release(true)
      }
      plan.late = end()
      if (plan.fault !== 'lost, late') await plan.late
      throw lost()
    },
  }
}

/** As `net` says it. */
function lost(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', errno: -104, syscall: 'read' })
}
