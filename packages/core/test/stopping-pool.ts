import type { PostgresPool } from '../src/metadata/postgres/postgres-pool.ts'

/** A pool whose next COMMIT can be kept waiting. */
export interface StoppingPool {
  readonly pool: PostgresPool
  /** Resolves when a COMMIT stands. */
  stop(): Promise<void>
  /** Lets it go. */
  goOn(): void
}

/** Connections whose COMMIT waits, as those of a process that is stopped, or whose machine has lost its network. */
export function stoppingPool(pool: PostgresPool): StoppingPool {
  let stopped: Promise<void> | null = null
  let reached = (): void => undefined
  let goOn = (): void => undefined
  return {
    stop: () =>
      new Promise((resolve) => {
        reached = resolve
        stopped = new Promise((on) => (goOn = on))
      }),
    goOn: () => goOn(),
    pool: {
      connect: async () => {
        const client = await pool.connect()
        return {
          on: (event, listener) => client.on(event, listener),
          removeListener: (event, listener) => client.removeListener(event, listener),
          release: (destroy) => client.release(destroy),
          query: async (query) => {
            if (query.text === 'COMMIT' && stopped !== null) {
              reached()
              await stopped
              stopped = null
            }
            return client.query(query)
          },
        }
      },
    },
  }
}
