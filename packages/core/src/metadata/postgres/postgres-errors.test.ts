import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Pool, PoolClient } from 'pg'
import { putText } from '../../../test/metadata/samples.ts'
import { newSchema, postgresPool } from '../../../test/stores.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { postgresMetadata } from './postgres-metadata.ts'
import type { PostgresPool } from './postgres-pool.ts'
import { isConnectionLost, sqlState, translateCommitError, translatePostgresError } from './postgres-errors.ts'

const BEAT = { processId: 'p1', oldestReadAgeMs: null }

/** As the server says it. */
function serverError(code: string): Error {
  return Object.assign(new Error(`error ${code}`), { code, severity: 'ERROR' })
}

let pool: Pool
let schema = ''
let failures: string[] = []
let asked = 0
let store: MetadataStore

/** Takes the next planned failure, if it is the turn of this place. */
function failAt(place: 'connect' | 'statement'): void {
  const [next] = failures
  if (next === undefined || !next.startsWith(place)) return
  failures.shift()
  asked += 1
  throw serverError(next.slice(-5))
}

beforeEach(async () => {
  pool = postgresPool(2)
  schema = newSchema()
  failures = []
  asked = 0
  const failing: PostgresPool = {
    connect: async () => {
      failAt('connect')
      return pool.connect()
    },
  }
  const onStatement = ({ index }: { readonly index: number }): void => {
    if (index === 0) failAt('statement')
  }
  store = postgresMetadata({ pool: failing, schema, onStatement })
  await store.open()
})
afterEach(async () => {
  await store.close()
  await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
  await pool.end()
})

test.each(['connect 53300', 'connect 57P03', 'connect 53200', 'statement 53200'])(
  '%s passes, and the command is carried out',
  async (failure) => {
    failures = [failure, failure]
    expect(await store.heartbeat(BEAT)).toEqual({ lapsed: false })
    expect(asked).toBe(2)
  },
)

test.each(['connect 53300', 'connect 57P03', 'statement 53200', 'statement 57P03', 'statement 53300'])(
  '%s that does not pass says that the store is not available',
  async (failure) => {
    failures = Array.from({ length: 50 }, () => failure)
    await expect(store.heartbeat(BEAT)).rejects.toMatchObject({
      code: 'StoreUnavailable',
      retryable: true,
      cause: { code: failure.slice(-5) },
    })
    expect(asked).toBeLessThan(10)
    failures = []
    expect(await store.heartbeat(BEAT)).toEqual({ lapsed: false })
  },
)

test('too many connections for a role, as a server says it', async () => {
  const role = `limited_${schema}`
  await pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'test' CONNECTION LIMIT 1`)
  await pool.query(`GRANT ALL ON SCHEMA ${schema} TO ${role}`)
  await pool.query(`GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO ${role}`)
  await pool.query(`GRANT CREATE ON DATABASE postgres TO ${role}`)
  const limited = postgresPool(2, role)
  let held: PoolClient | null = await limited.connect()
  const refused: unknown[] = []
  const connect = (): Promise<PoolClient> =>
    limited.connect().catch((error: unknown) => {
      refused.push(error)
      if (refused.length === 8) held = held?.release(true) ?? null
      throw error
    })
  const second = postgresMetadata({ pool: { connect }, schema })
  try {
    const reason = 'no connection (53300)'
    await expect(second.open()).rejects.toMatchObject({ code: 'StoreUnavailable', details: { reason }, retryable: true })
    expect(refused).toHaveLength(6)
    // The connection is given back between two attempts.
    await second.open()
    expect(await second.policyVersion()).toBe(1)
  } finally {
    await second.close()
    await limited.end()
    await pool.query(`DROP OWNED BY ${role}`)
    await pool.query(`DROP ROLE ${role}`)
  }
})

test.each([
  ['54000', { code: 'InvalidArgument', details: { argument: 'text' } }],
  ['23505', { code: 'Conflict', retryable: true }],
  ['23514', { code: 'InvalidArgument' }],
  ['23502', { code: 'InvalidArgument' }],
  ['42501', { code: 'StoreUnavailable' }],
  ['53100', { code: 'StorageFull' }],
])('%s is an error of the engine, which keeps its cause', (code, expected) => {
  const cause = serverError(code)
  expect(translatePostgresError(cause)).toMatchObject({ ...expected, cause })
})

test('a store whose tables are gone is not there, which is nobody’s mistake', async () => {
  expect(await store.heartbeat(BEAT)).toEqual({ lapsed: false })
  await pool.query(`DROP SCHEMA ${schema} CASCADE`)
  for (const call of [() => store.heartbeat(BEAT), () => store.policyVersion(), () => putText(store, 'k', 'text')]) {
    await expect(call()).rejects.toMatchObject({
      code: 'StoreUnavailable',
      details: { reason: expect.stringContaining('tables are not there') },
    })
  }
})

test('a mistake of ours stays what it is', () => {
  const mistake = serverError('42601')
  expect(translatePostgresError(mistake)).toBe(mistake)
})

test('what the system calls a broken connection is no SQLSTATE, though it may look like one', () => {
  for (const code of ['EPIPE', 'EBADF', 'ECONNRESET']) {
    const error = Object.assign(new Error(`write ${code}`), { code, errno: -32, syscall: 'write' })
    expect(sqlState(error)).toBe(null)
    expect(translatePostgresError(error)).toMatchObject({ code: 'StoreUnavailable', retryable: true, cause: error })
    // Of a COMMIT it does not say that nothing was changed.
    expect(translateCommitError(error, 'commitObject')).toMatchObject({ code: 'OutcomeUnknown', cause: error })
  }
  for (const code of ['40001', '57P01', 'XX000', 'HV00A']) expect(sqlState(serverError(code))).toBe(code)
})

test.each(['25P03', '25P04'])('a transaction that the server ended because it took its time is one that is undone: %s', (code) => {
  const error = serverError(code)
  expect(isConnectionLost(error)).toBe(true)
  for (const translated of [translatePostgresError(error), translateCommitError(error, 'commitObject')]) {
    expect(translated).toMatchObject({ code: 'StoreUnavailable', retryable: true, cause: error })
  }
})
