import { expect, test } from 'vitest'
import { evaluatePredicate } from './evaluate-predicate.ts'
import { foldRow, mayPass } from './fold-row.ts'
import { col, element, eq, isAny, isNull } from './predicate-builders.ts'
import { exists } from './predicate-relation-builders.ts'
import { pathTokens } from './predicate-row.ts'
import type { Relation } from './relation.ts'

const TEAMS: Relation = { name: 'teams', kept: 'engine', columns: { team: { type: 'text', nullable: false } }, indexes: [], key: ['team'] }

test.each([1, 1_023, 1_024, 2_000])('a key of %i slashes is taken apart like any other', (slashes) => {
  const name = `a${'/'.repeat(slashes)}b`
  const row = { name, path_tokens: pathTokens(name) }
  const tokens = col('path_tokens')
  for (const predicate of [isNull(tokens), eq(element(tokens, 1), 'a'), eq(element(tokens, slashes + 1), 'b'), isAny('b', tokens)]) {
    expect(foldRow(predicate, row)).toMatchObject({ k: 'lit', v: evaluatePredicate(predicate, row) })
  }
  const ofTeam = exists(TEAMS, 't', (t) => eq(t('team'), element(tokens, 1)))
  expect(mayPass(ofTeam, row)).toBe(true)
  expect(JSON.stringify(foldRow(ofTeam, row))).toContain('"v":"a"')
})

test('a row without the column has no list', () => {
  expect(foldRow(isNull(col('path_tokens')), { name: 'a/b' })).toMatchObject({ v: true })
})
