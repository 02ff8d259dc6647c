import * as fc from 'fast-check'
import { systemCaller } from '@stowage/core/system'
import { OPERATION_NAMES } from '@stowage/core'
import type { Caller, OperationName } from '@stowage/core'
import { userCaller } from '@stowage/credentials'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { S3_ACTIONS } from '../../../core/src/policy/bucket-policy/s3-actions.ts'
import { arbitraryRowPolicies } from '../../../core/test/policy/row-policy-arbitrary.ts'
import { OPERATIONS } from '../../src/operations/index.ts'
import { runs, SEED_HINT, TIMEOUT_MS } from '../hostile/settings.ts'
import { fillWallet, sendCell } from './cells.ts'
import type { Wallet } from './cells.ts'
import { BUCKET, callerOf, jwt, KEY, openWorld, userSession, verifier, webIdentity } from './world.ts'
import type { World } from './world.ts'

/*
 * One token, shown as the session of a user, as Bearer at another door, and to the token service for temporary credentials: the same
 * decision for every operation (auth.md §5.5; D44: a raw token that skipped what the token service asks).
 */

const address = { name: BUCKET }

const claims = fc.record(
  {
    role: fc.constantFrom('authenticated', 'authenticated', 'anon'),
    sub: fc.constantFrom('ann', 'folder', '11111111-1111-4111-8111-111111111111'),
    aal: fc.constantFrom('aal1', 'aal2'),
    app_metadata: fc.record({ org: fc.constantFrom('folder', 'x'), teams: fc.subarray(['folder', 'k']) }, { requiredKeys: [] }),
    session_id: fc.constant('a session'),
  },
  { requiredKeys: ['role', 'sub'] },
)

let world: World

beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

/** Everything that an explanation says but for the names of things: what is allowed, and why. */
async function decisionOf(caller: Caller, operation: OperationName, at: Date): Promise<unknown> {
  const asked = {
    caller,
    operation,
    bucket: address,
    at,
    ...(S3_ACTIONS.get(OPERATION_NAMES[operation].s3) === 'object' ? { key: KEY } : {}),
    ...(operation.includes('Copy') ? { source: { bucket: address, key: KEY } } : {}),
  }
  const session = world.engine.as(systemCaller('a test'))
  const explained = session.explain(asked)
  return explained.then(
    ({ allowed, questions }) => ({ allowed, questions }),
    (error: unknown) => String(error),
  )
}

describe(`D44: one token in three ways (${SEED_HINT})`, { timeout: TIMEOUT_MS }, () => {
  test('is the same caller, and every operation is decided alike', async () => {
    const met = { allowed: 0, refused: 0, failed: 0 }
    const property = fc.asyncProperty(arbitraryRowPolicies, claims, async (putPolicies, said) => {
      await world.stored.change({ putPolicies, replacePolicies: true })
      const token = jwt(said)
      const verified = await verifier.verify(token)
      const bearer = userCaller(verified, { account: 'ann', credentialId: null })
      const session = await callerOf(userSession(token))
      const temporary = await callerOf(await webIdentity(token))
      expect([session.principal, temporary.principal]).toEqual([bearer.principal, bearer.principal])
      expect([session.account, temporary.account]).toEqual([bearer.account, bearer.account])
      const at = new Date()
      for (const operation of Object.keys(OPERATION_NAMES) as OperationName[]) {
        const expected = await decisionOf(bearer, operation, at)
        for (const caller of [session, temporary])
          expect([operation, await decisionOf(caller, operation, at)]).toEqual([operation, expected])
        const outcome =
          typeof expected === 'string' ? 'failed' : (expected as { readonly allowed: boolean }).allowed ? 'allowed' : 'refused'
        met[outcome] += 1
      }
    })
    await fc.assert(property, runs(40))
    expect(met.allowed).toBeGreaterThan(0)
    expect(met.refused).toBeGreaterThan(0)
  })

  test('and every route answers and does alike', async () => {
    const none = await fillWallet()
    const property = fc.asyncProperty(arbitraryRowPolicies, claims, async (policies, said) => {
      const token = jwt(said)
      const wallet: Wallet = { ...none, 'user session': userSession(token), 'web identity': await webIdentity(token) }
      const tried = await openWorld({ policies })
      try {
        for (const operation of OPERATIONS) {
          const outcomes: unknown[] = []
          for (const kind of ['user session', 'web identity'] as const) {
            const { writes } = tried
            const answer = await sendCell({ operation, kind, mode: operation.payload === 'form' ? 'nothing' : 'sha256' }, tried, wallet)
            outcomes.push([operation.name, answer.outcome, tried.writes > writes])
            if (tried.writes > writes) await tried.reset()
          }
          expect(outcomes[0]).toEqual(outcomes[1])
        }
      } finally {
        await tried.close()
      }
    })
    await fc.assert(property, runs(6))
  })
})
