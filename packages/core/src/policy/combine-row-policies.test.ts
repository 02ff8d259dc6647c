import { describe, expect, test } from 'vitest'
import { combineRowPolicies, type RowCommand } from './combine-row-policies.ts'
import { ALWAYS, NEVER, type Predicate } from './predicate.ts'
import type { RowPolicy } from './row-policy.ts'

const A: Predicate = named('a')
const B: Predicate = named('b')
const C: Predicate = named('c')

function named(v: string): Predicate {
  return { k: 'cmp', op: '=', a: { k: 'col', n: 'name' }, b: { k: 'lit', t: 'text', v } }
}

function policy(fields: Partial<RowPolicy>): RowPolicy {
  return { name: 'p', table: 'objects', mode: 'permissive', command: 'all', roles: ['public'], ...fields }
}

function combined(policies: readonly RowPolicy[], command: RowCommand = 'select', roles: readonly string[] = ['authenticated']) {
  return combineRowPolicies(policies, { table: 'objects', command, roles: new Set(roles) })
}

describe('which policies apply', () => {
  test('none: nothing passes', () => {
    expect(combined([])).toEqual({ using: NEVER, check: NEVER })
  })

  test.each(['select', 'insert', 'update', 'delete'] as const)('those for all commands, on %s', (command) => {
    const { using, check } = combined([policy({ using: A })], command)
    expect(using).toEqual(A)
    expect(check).toEqual(command === 'delete' ? NEVER : A)
  })

  test('not those of another command, another table or another role', () => {
    expect(combined([policy({ command: 'delete', using: A })]).using).toBe(NEVER)
    expect(combined([policy({ table: 'buckets', using: A })]).using).toBe(NEVER)
    expect(combined([policy({ roles: ['anon'], using: A })]).using).toBe(NEVER)
    expect(combined([policy({ roles: ['anon', 'authenticated'], using: A })]).using).toEqual(A)
  })
})

describe('how they are joined', () => {
  test('permissive ones by or, restrictive ones by and', () => {
    const policies = [policy({ using: A }), policy({ using: B }), policy({ mode: 'restrictive', using: C })]
    expect(combined(policies).using).toEqual({ k: 'and', a: [C, { k: 'or', a: [A, B] }] })
  })

  test('restrictive ones alone let nothing through', () => {
    expect(combined([policy({ mode: 'restrictive', using: ALWAYS })]).using).toBe(NEVER)
  })

  test('USING of one and CHECK of another may allow an update that neither does', () => {
    const policies = [policy({ command: 'update', using: A, check: NEVER }), policy({ command: 'update', using: NEVER, check: B })]
    expect(combined(policies, 'update')).toEqual({ using: A, check: B })
  })
})

describe('USING and CHECK', () => {
  test('USING stands for a missing CHECK', () => {
    expect(combined([policy({ command: 'update', using: A })], 'update').check).toEqual(A)
    expect(combined([policy({ using: A })], 'insert').check).toEqual(A)
  })

  test('CHECK alone, for all commands: inserts pass, rows that are there are not seen', () => {
    expect(combined([policy({ check: A })], 'insert').check).toEqual(A)
    expect(combined([policy({ check: A })], 'update')).toEqual({ using: NEVER, check: A })
    expect(combined([policy({ check: A })], 'select').using).toBe(NEVER)
  })
})
