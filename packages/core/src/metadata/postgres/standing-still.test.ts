import { expect, test } from 'vitest'
import { makeBucket, putText, readText } from '../../../test/metadata/samples.ts'
import { newSchema, postgresPool, postgresPrepares } from '../../../test/stores.ts'
import { stoppingPool } from '../../../test/stopping-pool.ts'
import { postgresMetadata } from './postgres-metadata.ts'

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
