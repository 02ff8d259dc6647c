import { setTimeout as delay } from 'node:timers/promises'
import { StorageError } from '../../errors/storage-error.ts'
import { isBusy, sqlState } from './postgres-errors.ts'
import type { PostgresClient, PostgresPool } from './postgres-pool.ts'

/** So often something is tried again that others were in the way of. */
export const RETRIES_MAX = 5
const BACKOFF_MS = 10

/** Takes a connection out of a pool; again, where the server has none just now. Rejects with `StoreUnavailable`. */
export async function connectPatiently(pool: PostgresPool): Promise<PostgresClient> {
  listenToNew(pool)
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await pool.connect()
    } catch (error) {
      if (!isBusy(error) || attempt > RETRIES_MAX) throw noConnection(error)
      await backOff(attempt)
    }
  }
}

/** Pools whose new connections are listened to: a pool may be that of many stores. */
const listened = new WeakSet<PostgresPool>()

/**
 * A connection may be ready and at its end in one piece of what the server sends. Then it fails before whoever asked for it has it, and an
 * 'error' that nobody listens to ends the process. Its queries say that it is gone.
 */
function listenToNew(pool: PostgresPool): void {
  if (pool.on === undefined || listened.has(pool)) return
  listened.add(pool)
  pool.on('connect', (client) => client.on('error', () => undefined))
}

/** Waits before another attempt. Those who fell over each other must not meet again: the fraction of the clock spreads them. */
export async function backOff(attempt: number): Promise<void> {
  await delay(BACKOFF_MS * attempt + (performance.now() % BACKOFF_MS))
}

function noConnection(error: unknown): StorageError {
  const state = sqlState(error)
  const reason = state === null ? 'no connection' : `no connection (${state})`
  return new StorageError('StoreUnavailable', { store: 'postgres', reason }, { cause: error, retryable: true })
}
