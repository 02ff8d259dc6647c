import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PostgresServer, startPostgres } from '../../../packages/core/test/postgres-server.ts'
import { MORE_MUTANTS, type Mutant, NAMED_MUTANTS } from './mutants.ts'
import { MutatedTree } from './mutated-tree.ts'

/* All of them in `npm run verify`, a few in each run of the tests: which, is drawn by the day. */

const SAMPLE = 5
const DECISIONS = 40_000
const SEED = 21

const all = [...NAMED_MUTANTS, ...MORE_MUTANTS]
const chosen: readonly Mutant[] = process.env['STOWAGE_MUTANTS'] === 'all' ? all : sample(Math.floor(Date.now() / 86_400_000))

let server: PostgresServer
let tree: MutatedTree
let databases = 0

beforeAll(async () => {
  server = await startPostgres()
  tree = await MutatedTree.create()
}, 60_000)

afterAll(async () => {
  await tree.remove()
  await server.stop()
})

test('the ten of the specification, and at least twenty more', () => {
  expect(NAMED_MUTANTS).toHaveLength(10)
  expect(MORE_MUTANTS.length).toBeGreaterThanOrEqual(20)
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
})

test('without a fault nothing is found', async () => {
  const { code, output } = await run(3000)
  expect(output).toMatch(/\n\d+ decisions, 0 mismatches\n$/)
  expect(code).toBe(0)
}, 60_000)

test.each(chosen)(
  '$name: found',
  async (mutant) => {
    const { code, output } = await tree.with(mutant, () => run(DECISIONS))
    expect(output).toMatch(/\n\d+ decisions, [1-9]\d* mismatches\n$/)
    expect(code).toBe(1)
  },
  120_000,
)

async function run(decisions: number): Promise<{ readonly code: number | null; readonly output: string }> {
  const name = `mutant_${databases++}`
  const pool = server.pool({ max: 1 })
  await pool.query(`CREATE DATABASE ${name}`)
  await pool.end()
  const url = new URL(server.url)
  url.pathname = `/${name}`
  return tree.run(['--decisions', String(decisions), '--seed', String(SEED), '--no-coverage', '--stop', '--postgres', url.href])
}

function sample(day: number): readonly Mutant[] {
  return Array.from({ length: SAMPLE }, (_, at) => all[(day * SAMPLE + at) % all.length]).filter((mutant) => mutant !== undefined)
}
