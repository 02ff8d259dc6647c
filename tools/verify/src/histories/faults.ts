import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from './cluster.ts'

/** Something that goes wrong under load, and is over when it resolves. */
export interface Fault {
  readonly name: string
  /** The longest that any request may take; whoever is without a database says so. Default: half a minute. */
  readonly answeredWithinMs?: number
  strike(cluster: Cluster, random: () => number): Promise<void>
}

/** Every fault; the first one is none, to show that nothing is refused without a reason. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'no fault',
    strike: (_, random) => sleep(500 + random() * 500),
  },
  {
    name: 'Postgres stopped at once and started again',
    async strike({ postgres }, random) {
      await postgres.crash()
      await sleep(random() * 700)
      await postgres.restart()
    },
  },
  {
    name: 'a server killed and started again',
    async strike({ gateways }, random) {
      const gateway = gateways[Math.floor(random() * gateways.length)]
      await gateway?.kill()
      await sleep(random() * 500)
      await gateway?.start()
    },
  },
  {
    name: 'Postgres stopped at once, and a server killed meanwhile',
    async strike({ postgres, gateways }, random) {
      const gateway = gateways[Math.floor(random() * gateways.length)]
      await Promise.all([postgres.crash(), sleep(random() * 20).then(() => gateway?.kill())])
      await sleep(random() * 300)
      await postgres.restart()
      await gateway?.start()
    },
  },
  {
    name: 'connections ended at random',
    strike: (cluster, random) =>
      terminate(cluster, {
        // The generator of the database is not ours to seed: which of them goes is drawn here.
        which: () => `pid % 7 = ${Math.floor(random() * 7)}`,
        pauseMs: 20,
      }),
  },
  {
    name: 'connections ended at COMMIT',
    strike: (cluster) => terminate(cluster, { which: () => `state = 'active' AND query LIKE 'COMMIT%'`, pauseMs: 2 }),
  },
  {
    name: 'no connection left in Postgres',
    strike: exhaust,
  },
]

const TERMINATING_MS = 1000

interface Terminate {
  readonly which: () => string
  readonly pauseMs: number
}

async function terminate({ postgres }: Cluster, { which, pauseMs }: Terminate): Promise<void> {
  const pool = postgres.pool({ max: 1 })
  const end = performance.now() + TERMINATING_MS
  try {
    while (performance.now() < end) {
      await pool.query(endOf(which()))
      await sleep(pauseMs)
    }
  } finally {
    await pool.end()
  }
}

/** Idle connections of somebody else take every place, also those that servers lose meanwhile. */
async function exhaust({ postgres }: Cluster, random: () => number): Promise<void> {
  const administrator = postgres.pool({ max: 1 })
  const idle = postgres.pool({ max: 1000, connectionTimeoutMillis: 5000 })
  const giveBack: (() => void)[] = []
  const connect = async (): Promise<boolean> => {
    const client = await idle.connect().catch(() => null)
    client?.on('error', () => undefined)
    if (client !== null) giveBack.push(() => client.release(true))
    return client !== null
  }
  const end = performance.now() + 800 + random() * 1200
  try {
    await administrator.query('SELECT 1')
    while (performance.now() < end) {
      // Until the server refuses: too many clients already.
      while ((await Promise.all([connect(), connect(), connect(), connect()])).every((connected) => connected));
      await administrator.query(endOf(`pid % 5 = ${Math.floor(random() * 5)}`))
    }
  } finally {
    for (const give of giveBack) give()
    await Promise.all([idle.end(), administrator.end()])
  }
}

/** Ends connections of the servers. */
function endOf(which: string): string {
  return `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'stowage' AND pid <> pg_backend_pid() AND ${which}`
}

/** Servers take each other for dead after a minute, and look for garbage every half. */
const TAKEN_FOR_DEAD_WITHIN_MS = 180_000

/** What takes minutes. */
export const SLOW_FAULTS: readonly Fault[] = [
  {
    name: 'a server stands still until it is taken for dead, and goes on',
    answeredWithinMs: TAKEN_FOR_DEAD_WITHIN_MS + 30_000,
    async strike({ postgres, gateways }, random) {
      const pool = postgres.pool({ max: 1 })
      const gateway = gateways[Math.floor(random() * gateways.length)]
      const [now] = (await pool.query<{ ms: string }>('SELECT floor(extract(epoch from clock_timestamp()) * 1000) AS ms')).rows
      gateway?.signal('SIGSTOP')
      try {
        const until = performance.now() + TAKEN_FOR_DEAD_WITHIN_MS
        // Others have collected what it had reserved: its last heartbeat was shortly before it stopped.
        const lapsed = `SELECT 1 FROM processes WHERE lapsed = 1 AND heartbeat_at > ${Number(now?.ms) - 15_000}`
        while ((await pool.query(lapsed)).rows.length === 0) {
          if (performance.now() > until) throw new Error('a server that stands still was not taken for dead')
          await sleep(200)
        }
      } finally {
        gateway?.signal('SIGCONT')
        await pool.end()
      }
    },
  },
]
