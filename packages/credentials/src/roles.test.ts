import { expect, test } from 'vitest'
import { roleCaller, SUPABASE_ROLES } from './roles.ts'

test('a role that there is makes a caller', () => {
  expect(roleCaller({ role: 'authenticated', sub: 'user-1', claims: { aal: 'aal2' }, account: 'project', credentialId: 'jwt' })).toEqual({
    principal: { kind: 'role', role: 'authenticated', sub: 'user-1', claims: { aal: 'aal2' }, bypassRls: false },
    account: 'project',
    scope: null,
    credentialId: 'jwt',
  })
})

test('only service_role bypasses row-level security unless more is said', () => {
  const bypasses = (role: string, roles = SUPABASE_ROLES): unknown => {
    const principal = roleCaller({ roles, role, account: null, credentialId: null })?.principal
    return principal?.kind === 'role' ? principal.bypassRls : null
  }
  expect(['anon', 'authenticated', 'service_role'].map((role) => bypasses(role))).toEqual([false, false, true])
  expect(bypasses('auditor', new Map([...SUPABASE_ROLES, ['auditor', { bypassRls: true }]]))).toBe(true)
})

test('any other name is no role', () => {
  for (const role of ['', 'Service_Role', 'postgres', 'constructor', '__proto__']) {
    expect(roleCaller({ role, account: null, credentialId: null })).toBeNull()
  }
})
