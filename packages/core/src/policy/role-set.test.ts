import { describe, expect, test } from 'vitest'
import { RoleSet } from './role-set.ts'

const role = (name: string, inherits: readonly string[] = [], bypassRls = false) => ({ name, bypassRls, inherits })

describe('RoleSet', () => {
  test('has the roles of Supabase without being told', () => {
    expect(new RoleSet().all.map(({ name, bypassRls }) => [name, bypassRls])).toEqual([
      ['anon', false],
      ['authenticated', false],
      ['service_role', true],
    ])
  })

  test('what a role inherits is its own, all the way', () => {
    const roles = new RoleSet([role('editor', ['reader']), role('reader', ['authenticated']), role('other')])
    expect([...roles.effective('editor')]).toEqual(['editor', 'reader', 'authenticated'])
    expect([...roles.effective('reader')]).toEqual(['reader', 'authenticated'])
    expect([...roles.effective('other')]).toEqual(['other'])
  })

  test('a role that there is not has nothing, not even what is for everybody', () => {
    expect(new RoleSet().effective('nobody').size).toBe(0)
    expect(new RoleSet().find('nobody')).toBeNull()
  })

  test.each([
    ['inherits from itself', [role('a', ['a'])]],
    ['inherits in a circle', [role('a', ['b']), role('b', ['c']), role('c', ['a'])]],
    ['inherits from nobody known', [role('a', ['b'])]],
    ['is there twice', [role('a'), role('a')]],
    ['is a built-in one', [role('service_role')]],
    ['is called public', [role('Public')]],
    ['has no name', [role('')]],
    ['has a long name', [role('a'.repeat(64))]],
    ['has a space', [role('a b')]],
    ['looks like one of Postgres', [role('pg_monitor')]],
  ])('refuses one that %s', (_, list) => {
    expect(() => new RoleSet(list)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
  })

  test('refuses more than there may be', () => {
    expect(() => new RoleSet(Array.from({ length: 1_001 }, (_, at) => role(`r${at}`)))).toThrow(
      expect.objectContaining({ code: 'LimitExceeded' }),
    )
  })
})
