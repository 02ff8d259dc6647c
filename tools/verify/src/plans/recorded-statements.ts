import { metadataCases, METADATA_START } from '@stowage/conformance'
import { postgresMetadata } from '@stowage/core/postgres'
import type { PostgresPool, PostgresQuery } from '@stowage/core/postgres'
import type { Pool, PoolClient } from 'pg'

/** A statement as Postgres was given it, without the schema's name. */
export interface RecordedStatement {
  readonly text: string
  /** Of one time that it was run. */
  readonly values: readonly unknown[]
}

const SCHEMA = 'plans_recorded'
const PLANNED = /^\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b/
/** Tables of relations are an operator's; their plans have a test of their own. */
const OF_RELATIONS = /"relation_/

/** Runs the contract of a metadata store, and gives back every statement that it took, once; those that work over whole tables excepted. */
export async function recordStatements(pool: Pool): Promise<readonly RecordedStatement[]> {
  const recorded = new Map<string, RecordedStatement>()
  let open = false
  const note = ({ text, values = [] }: PostgresQuery): void => {
    // Migrations touch every row, once.
    if (!open) return
    const bare = text.replaceAll(`"${SCHEMA}".`, '').replaceAll(`'"${SCHEMA}".commit_sequence'`, "'commit_sequence'")
    if (PLANNED.test(bare) && !OF_RELATIONS.test(bare) && !recorded.has(bare)) recorded.set(bare, { text: bare, values })
  }
  const broken: string[] = []
  for (const each of metadataCases.cases) {
    let now = METADATA_START.getTime()
    const store = postgresMetadata({ pool: recording(pool, note), schema: SCHEMA, clock: () => new Date(now) })
    open = false
    await store.open()
    open = true
    const advance = (milliseconds: number): void => void (now += milliseconds)
    await each.run({ store, advance }).catch(() => broken.push(each.name))
    await store.close()
    await pool.query(`DROP SCHEMA ${SCHEMA} CASCADE`)
  }
  if (broken.length > 0) throw new Error(`cases fail, so that their statements are not known: ${broken.join('; ')}`)
  return [...recorded.values()]
}

/** Notes what is asked outside of transactions that may take as long as they do. */
function recording(pool: Pool, note: (query: PostgresQuery) => void): PostgresPool {
  return {
    connect: async () => {
      const client: PoolClient = await pool.connect()
      let patient = false
      return {
        pipeline: true,
        on: (event, listener) => client.on(event, listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
        release: (destroy) => client.release(destroy),
        query: (query) => {
          if (/^(?:BEGIN|COMMIT|ROLLBACK)/.test(query.text)) patient = false
          else if (query.text === 'SET LOCAL statement_timeout = 0') patient = true
          else if (!patient) note(query)
          return client.query(query)
        },
      }
    },
  }
}
