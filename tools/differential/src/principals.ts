import type { JsonObject } from '../../../packages/core/src/policy/caller.ts'
import { OPERATIONS, USERS } from './pools.ts'
import type { Random } from './random.ts'
import type { Principal } from './world.ts'

interface TestRole {
  readonly name: string
  /** What it inherits, by itself or through others. */
  readonly inherits: readonly string[]
}

/** Two built in, and three of which two inherit and one is a member without inheriting. */
const ROLES: readonly TestRole[] = [
  { name: 'anon', inherits: [] },
  { name: 'authenticated', inherits: [] },
  { name: 'editor', inherits: ['authenticated'] },
  { name: 'chief', inherits: ['editor', 'authenticated'] },
  { name: 'loner', inherits: [] },
]

/** The same in Postgres, beside those of Supabase. */
export const ROLES_SQL = `
  DO $$ BEGIN
    IF to_regrole('loner') IS NULL THEN
      CREATE ROLE editor NOLOGIN INHERIT; GRANT authenticated TO editor WITH INHERIT TRUE;
      CREATE ROLE chief NOLOGIN INHERIT; GRANT editor TO chief WITH INHERIT TRUE;
      CREATE ROLE loner NOLOGIN NOINHERIT; GRANT authenticated TO loner WITH INHERIT FALSE;
    END IF;
  END $$;`

/** For whom policies are. */
export const ROLE_NAMES: readonly string[] = ROLES.map(({ name }) => name)

const CLAIMS: readonly JsonObject[] = [
  {},
  { app_metadata: { org_id: 'a', teams: ['a', 'public', null, 12, true, { a: 1 }] }, a: 'a', team: 'red', user_role: 'admin', '0': 'zero' },
  { app_metadata: { org_id: USERS[0], teams: [] }, a: null, team: 1.5, teams: ['red', 'team'], size: { '"': ['\u{1f600}'] } },
  { app_metadata: { teams: null }, a: ['a', 'b'], team: true, $: '$', "'": "it's" },
]

/** Who asks: a role, a user or none, claims, an operation. */
export function generatePrincipal(random: Random): Principal {
  const role = random.pick(ROLES)
  // A role that bypasses everything: two in a hundred.
  const bypassRls = random.oneIn(50)
  const name = bypassRls ? 'service_role' : role.name
  const sub = random.oneIn(4) ? random.pick([null, 'a', 'not-a-uuid', '']) : random.pick(USERS)
  const withoutToken = random.oneIn(10)
  const jwt = { ...random.pick(CLAIMS), role: name, ...(sub === null ? {} : { sub }) }
  return {
    role: name,
    roles: new Set([name, ...(bypassRls ? [] : role.inherits)]),
    bypassRls,
    context: {
      sub: withoutToken ? null : sub,
      role: withoutToken ? null : name,
      jwt: withoutToken ? null : jwt,
      account: random.pick([null, 'acme', 'a', ...USERS]),
      operation: random.oneIn(10) ? '' : random.pick(OPERATIONS),
      ip: random.pick([null, '127.0.0.1', '::1']),
      key: random.pick([null, 'a', '12']),
      now: new Date(),
    },
  }
}
