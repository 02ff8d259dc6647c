import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Pool } from 'pg'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { postgresMetadata } from '../../src/metadata/postgres/postgres-metadata.ts'
import type { Relation } from '../../src/policy/relation.ts'
import { newSchema, postgresPool, postgresPrepares } from '../stores.ts'

const TEXT = { type: 'text', nullable: false } as const
const TEAMS: Relation = { name: 'teams', kept: 'engine', columns: { team: TEXT }, indexes: [], key: ['team'] }
const WRITERS = 8

let pool: Pool
let store: MetadataStore
let begun = 0
const schema = newSchema()
beforeAll(async () => {
  pool = postgresPool(WRITERS)
  const onStatement = ({ command, index }: { readonly command: string; readonly index: number }): void => {
    if (command === 'changeRelationRows' && index === 0) begun += 1
  }
  store = postgresMetadata({ pool, schema, prepare: postgresPrepares(), onStatement })
  await store.open()
  const write = { kind: 'relation', id: TEAMS.name, expected: null, body: {}, sealed: null }
  await store.writeDocuments({ writes: [write], raisesPolicyVersion: true, tables: [{ before: null, after: TEAMS }] })
})
afterAll(async () => {
  await store.close()
  await pool.query(`DROP SCHEMA ${schema} CASCADE`)
  await pool.end()
})

test('batches of the same rows in other orders wait for each other once, and none is run again', async () => {
  const document = { kind: 'relation', id: TEAMS.name, version: 1 }
  const batch = (writer: number): { team: string }[] => Array.from({ length: 50 }, (_, at) => ({ team: `t${(at * 7 + writer * 11) % 50}` }))
  for (let round = 0; round < 10; round += 1) {
    const changes = Array.from({ length: WRITERS }, (_, writer) => {
      const rows = batch(writer + round)
      return store.changeRelationRows(
        writer % 2 === 0 ? { relation: TEAMS, document, put: rows, delete: [] } : { relation: TEAMS, document, put: [], delete: rows },
      )
    })
    for (const change of changes) expect(await change).toEqual({ outcome: 'written' })
  }
  expect(begun).toBe(10 * WRITERS)
})
