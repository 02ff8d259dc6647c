import { expect, test } from 'vitest'
import { makeBucket, putText, readText } from '../../../test/metadata/samples.ts'
import { newSchema, postgresPool, postgresPrepares } from '../../../test/stores.ts'
import { postgresMetadata } from './postgres-metadata.ts'
import type { PostgresPool } from './postgres-pool.ts'

/** Connections whose COMMIT waits, as those of a process that is stopped, or whose machine has lost its network. */
function stoppingPool(pool: PostgresPool): { readonly pool: PostgresPool; stop(): Promise<void>; goOn(): void } {
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

test('a process that stands still keeps its locks for the time of a statement, and does its work anew when it goes on', async () => {
  const [own, others] = [postgresPool(2), postgresPool(2)]
  own.on('connect', (client) => client.on('error', () => undefined))
  const options = { schema: newSchema(), prepare: postgresPrepares() }
  const stopping = stoppingPool(own)
  const still = postgresMetadata({ ...options, pool: stopping.pool, statementTimeoutMilliseconds: 300 })
  const other = postgresMetadata({ ...options, pool: others, lockTimeoutMilliseconds: 5_000 })
  await still.open()
  await other.open()
  await makeBucket(other)
  const standing = stopping.stop()
  const late = putText(still, 'k', 'of the one that stood still')
  await standing
  expect(await putText(other, 'k', 'of another one')).toBe('committed')
  expect(await other.raisePolicyVersion(1)).toBe(2)
  expect(await readText(other, 'k')).toBe('of another one')
  stopping.goOn()
  // It was undone, and is done again: by now under another policy.
  expect(await late).toBe('policy-changed')
  await still.close()
  await other.close()
  await others.query(`DROP SCHEMA ${options.schema} CASCADE`)
  await Promise.all([own.end(), others.end()])
})
