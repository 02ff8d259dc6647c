import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { got, userJwt, withStored } from '../../test/stored-world.ts'
import { restCaller } from '../rest/rest-caller.ts'

const REF = 'abcdefghijklmnopqrst'

const tokens = fc.record(
  {
    role: fc.constantFrom('authenticated', 'anon'),
    sub: fc.oneof(fc.uuid(), fc.string({ minLength: 1, maxLength: 20 })),
    session_id: fc.uuid(),
    email: fc.emailAddress(),
    app_metadata: fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }),
    // What is somebody else's word for a role must not become one.
    user_role: fc.constant('service_role'),
    bypassRls: fc.constant(true),
  },
  { requiredKeys: [] },
)

test('one token is the same caller as a session, as a bearer and as a web identity: no door decides otherwise', async () => {
  await withStored('sqlite', null, async ({ here, now }) => {
    const { jwtSecret } = await here.projects.create({ ref: REF, account: 'acme' })
    await here.opaqueKeys.create({ project: REF, kind: 'publishable' })
    const rest = await here.restOptions(REF)
    if (rest === null) throw new Error('there is a project')
    const property = fc.asyncProperty(tokens, async (claims) => {
      const jwt = userJwt(jwtSecret ?? '', claims, now())
      const session = (await got(here.find(REF, jwt))).caller
      const bearer = await restCaller({ apikey: null, authorization: `Bearer ${jwt}`, userAgent: null, apikeyInQuery: null }, rest)
      const nothing = { durationSeconds: null, policy: null, roleArn: null, roleSessionName: null }
      const made = await here.assumeRoleWithWebIdentity({ action: 'AssumeRoleWithWebIdentity', webIdentityToken: jwt, ...nothing })
      const assumed = (await got(here.find(made.accessKeyId, made.sessionToken))).caller
      expect(bearer).toEqual({ kind: 'caller', caller: session })
      // The credential's own name and end is all that differs.
      expect({ ...assumed, scope: null, credentialId: null }).toEqual(session)
      expect(assumed.scope).toEqual({ notAfter: made.expiration })
      expect(session.principal).toMatchObject({ bypassRls: false })
    })
    await fc.assert(property, { numRuns: 100 })
  })
})
