import { expect, test } from 'vitest'
import { insertRows, type RawDatabase, rawPostgres, rawSqlite } from '../../../test/raw-databases.ts'
import { parseBlobKey } from '../../backend/blob-key.ts'
import type { BlobRef } from '../../model/extent.ts'
import { exchangeExtents } from './commands/exchange-extents.ts'
import { encodeExtents } from './extent-codec.ts'
import type { StoredExtent } from './extent-codec.ts'
import { findPlaces } from './find-places.ts'
import type { SqlProgram, SqlRow } from './sql-driver.ts'

const MANIFESTS = 20
const PARTS = 1_000
const PLACE = { bucketId: 'b', key: 'k07', sequence: 7 }
const TO: BlobRef = { backendId: 'main', blob: parseBlobKey('joined') }

const refOf = (manifest: number, part: number): BlobRef => ({ backendId: 'main', blob: parseBlobKey(`m${manifest}-${part}`) })
const extentOf = (ref: BlobRef): StoredExtent => ({
  ...ref,
  kind: 'blob',
  length: 10,
  storedOffset: 0,
  storedLength: 10,
  crc32c: 7,
  envelope: null,
})
const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at + 1)

/** Objects of 1,000 parts each, as Complete leaves them. */
async function fill(database: RawDatabase): Promise<void> {
  for (const manifest of numbers(MANIFESTS)) {
    const refs = numbers(PARTS).map((part) => ({ part, ref: refOf(manifest, part) }))
    const key = `k${String(manifest).padStart(2, '0')}`
    const version = { bucket_id: 'b', key, version_id: 'v', sequence: manifest, manifest_id: manifest, size: PARTS * 10, etag: 'e' }
    const extents = encodeExtents(
      manifest,
      refs.map(({ ref }) => extentOf(ref)),
    )
    await insertRows(database, 'objects', [{ ...version, part_count: PARTS, legal_hold: 0, created_at: 1, extents }])
    const parts = refs.map(({ part, ref }) => ({
      manifest_id: manifest,
      part_number: part,
      size: 10,
      etag: 'e',
      created_at: 1,
      extents: encodeExtents(manifest, [extentOf(ref)]),
    }))
    await insertRows(database, 'parts', parts)
    const rows = refs.map(({ part, ref }) => ({ backend_id: ref.backendId, blob: ref.blob, manifest_id: manifest, part_number: part }))
    await insertRows(database, 'blob_refs', rows)
  }
  const reserved = numbers(10_000).map((at) => ({ backend_id: 'main', blob: `r${at}`, state: 'reserved', process_id: 'p', changed_at: 1 }))
  await insertRows(database, 'garbage', [...reserved, { ...reserved[0], blob: TO.blob }])
  // On SQLite nobody gathers statistics: its plans must be right without.
  if (database.dialect.name === 'postgres') await database.query({ sql: 'VACUUM ANALYZE', values: [] })
}

/** How each statement of a program is gone about, asked before it runs. */
async function plansOf(database: RawDatabase, programs: readonly Parameters<RawDatabase['run']>[0][]): Promise<readonly Plan[]> {
  const plans: Plan[] = []
  for (const program of programs) {
    await database.run(function* (context): SqlProgram<void> {
      const inner = program(context)
      let step = inner.next()
      while (step.done !== true) {
        const { sql, values } = step.value
        const rows = yield { sql: `${database.dialect.name === 'sqlite' ? 'EXPLAIN QUERY PLAN' : 'EXPLAIN (COSTS OFF)'} ${sql}`, values }
        plans.push({ sql, rows })
        step = inner.next(yield step.value)
      }
    })
  }
  return plans
}

interface Plan {
  readonly sql: string
  readonly rows: readonly SqlRow[]
}

const command = {
  ...PLACE,
  manifestId: 7,
  fresh: [TO],
  moves: numbers(PARTS).map((part) => ({ from: refOf(7, part), to: TO, offset: part * 10 })),
}
const PROGRAMS: readonly Parameters<RawDatabase['run']>[0][] = [
  (context) => findPlaces(context, PLACE),
  (context) => exchangeExtents(context, command),
  // All parts hold one blob now.
  (context) => findPlaces(context, PLACE),
]

test('on SQLite an exchange seeks for each blob and part, and goes through no list once for each of another', async () => {
  const database = rawSqlite()
  await fill(database)
  const plans = await plansOf(database, PROGRAMS)
  expect(plans.length).toBeGreaterThan(10)
  for (const { sql, rows } of plans) {
    const steps = rows.map((row) => ({ parent: row[1], detail: String(row[3]) }))
    const problem = `${sql}\n${steps.map(({ detail }) => detail).join('\n')}`
    for (const [at, { parent, detail }] of steps.entries()) {
      expect(detail, problem).not.toMatch(/^SCAN (?!json_each|CONSTANT)/)
      // What stands behind a search at the same level is done once for each row that was found.
      const isInner = steps.slice(0, at).some((before) => before.parent === parent && before.detail.startsWith('SEARCH'))
      if (isInner) expect(detail, problem).not.toMatch(/^SCAN/)
      if (!sql.includes('own')) expect(detail, problem).not.toMatch(/\(manifest_id=\?\)$/)
    }
  }
  await database.close()
})

test('on Postgres an exchange seeks for its parts', { timeout: 60_000 }, async () => {
  const database = await rawPostgres()
  await fill(database)
  for (const { sql, rows } of await plansOf(database, PROGRAMS)) {
    const plan = rows.map((row) => String(row.at(-1))).join('\n')
    expect(plan, `${sql}\n${plan}`).not.toMatch(/Seq Scan on parts/)
  }
  await database.close()
})
