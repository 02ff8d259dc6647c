import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { arbitraryContext, arbitraryPredicate, arbitraryRow } from '../../../test/policy/predicate-arbitrary.ts'
import { failsBeforeIn } from '../../../test/policy/fails-before-in.ts'
import { createMembers, RELATION_ROWS } from '../../../test/policy/relation-samples.ts'
import { type RawDatabase, rawPostgres, rawSqlite } from '../../../test/raw-databases.ts'
import { isStorageError } from '../../errors/storage-error.ts'
import { evaluatePredicate, evaluateWithin } from '../../policy/evaluate-predicate.ts'
import { foldPredicate } from '../../policy/fold-predicate.ts'
import type { PolicyRow } from '../../policy/predicate-row.ts'
import { namesRelations } from '../../policy/predicate-type.ts'
import type { Predicate } from '../../policy/predicate.ts'
import { translatePostgresError } from '../postgres/postgres-errors.ts'
import { translateSqliteError } from '../sqlite/sqlite-errors.ts'
import { passes } from './guard.ts'
import { resolveRelations } from './resolve-relations.ts'
import type { SqlContext, SqlProgram } from './sql-driver.ts'

let databases: readonly RawDatabase[] = []

beforeAll(async () => {
  databases = [rawSqlite(), await rawPostgres()]
  for (const database of databases) await createMembers(database)
}, 60_000)
afterAll(() => Promise.all(databases.map((database) => database.close())))

test('means the same for the row as relations in reach do', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryPredicate.filter(namesRelations), arbitraryContext, arbitraryRow, async (predicate, context, row) => {
      const folded = foldPredicate(predicate, context)
      fc.pre(!failsBeforeIn(folded, row))
      const expected = outcome(() => evaluateWithin(folded, { row, relations: RELATION_ROWS }))
      for (const database of databases) {
        const said = await outcomeIn(database, function* (context) {
          const resolved = yield* resolveRelations(context, folded, row)
          expect(namesRelations(resolved)).toBe(false)
          return evaluatePredicate(resolved, row)
        })
        expect(said, `${database.dialect.name} ${JSON.stringify(folded)}`).toBe(expected)
      }
    }),
    { numRuns: 800 },
  )
}, 120_000)

describe('the database is asked', () => {
  const row: PolicyRow = { name: 'a/b', owner_id: 'b', path_tokens: ['a', 'b'] }
  const yes: Predicate = { k: 'lit', t: 'bool', v: true }
  const named = (v: string): Predicate => ({ k: 'cmp', op: '=', a: { k: 'col', n: 'name' }, b: { k: 'lit', t: 'text', v } })
  const ownTeam: Predicate = {
    k: 'and',
    a: [
      {
        k: 'cmp',
        op: '=',
        a: { k: 'rcol', alias: 'm', n: 'team', t: 'text' },
        b: { k: 'idx', a: { k: 'call', f: 'foldername', a: [{ k: 'col', n: 'name' }] }, i: 1 },
      },
      { k: 'cmp', op: '=', a: { k: 'rcol', alias: 'm', n: 'user_id', t: 'text' }, b: { k: 'col', n: 'owner_id' } },
    ],
  }
  const member: Predicate = { k: 'exists', rel: 'members', kept: 'engine', alias: 'm', where: ownTeam }

  test.each<[string, Predicate, number, boolean]>([
    ['nothing without relations', named('a/b'), 0, true],
    ['nothing that another arm decides', { k: 'and', a: [named('x'), member] }, 0, false],
    ['nothing behind an alternative that holds', { k: 'or', a: [named('a/b'), member] }, 0, true],
    ['once for each look', { k: 'and', a: [member, { k: 'not', a: { ...member, where: { k: 'not', a: ownTeam } } }] }, 2, false],
    ['once where the first look decides', { k: 'or', a: [member, { ...member, where: yes }] }, 1, true],
    ['nothing about a constant', { k: 'lit', t: 'bool', v: false }, 0, false],
  ])('%s', async (_, predicate, statements, expected) => {
    for (const database of databases) {
      let count = 0
      const passed = await database.run(function* (context) {
        const program = passes(context, predicate, () => row)
        let step = program.next()
        while (step.done !== true) {
          count += 1
          step = program.next(yield step.value)
        }
        return step.value
      })
      expect([passed, count]).toEqual([expected, statements])
    }
  })
})

/** As the drivers translate what a database throws. */
async function outcomeIn(database: RawDatabase, program: (context: SqlContext) => SqlProgram<boolean | null>): Promise<unknown> {
  try {
    return await database.run(program)
  } catch (error) {
    const translated = database.dialect.name === 'sqlite' ? translateSqliteError(error, 'raw') : translatePostgresError(error)
    if (isStorageError(translated)) return translated.code
    throw error
  }
}

function outcome(evaluate: () => boolean | null): unknown {
  try {
    return evaluate()
  } catch (error) {
    if (isStorageError(error)) return error.code
    throw error
  }
}
