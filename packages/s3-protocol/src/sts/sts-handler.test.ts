import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { identityForm, StsDoorRig, userToken } from '../../test/sts-door.ts'

test('a user is counted in its project: another one may have a user of the same name', async () => {
  const door = new StsDoorRig({ perSubjectMinuteMax: 2 })
  for (const status of [200, 200, 400]) expect(await door.asUser('ann')).toMatchObject({ status })
  for (const code of ['', '', 'Throttling']) expect(await door.asUser('ann', 'second')).toMatchObject({ code })
  expect(await door.asUser('bob')).toMatchObject({ status: 200 })
})

test('the audit says by what name a credential is taken back', async () => {
  const door = new StsDoorRig()
  const { text } = await door.asUser('ann')
  const [, body = ''] = /<SessionToken>([^<]*)</.exec(text)?.[1]?.split('.') ?? []
  const { jti } = JSON.parse(Buffer.from(body, 'base64url').toString()) as { readonly jti: string }
  expect(door.events).toEqual([{ name: 'sts.issued', fields: expect.objectContaining({ jti, project: 'first', sub: 'ann' }) }])
})

test('behind proxies the client is counted, and nobody for whom he gives himself out', async () => {
  const door = new StsDoorRig({ perAddressMinuteMax: 2 }, ['10.0.0.0/8'])
  const codes = async (address: string, forwarded: string, count = 3): Promise<readonly string[]> => {
    const answers: string[] = []
    for (let index = 0; index < count; index += 1)
      answers.push((await door.post('', { address, headers: [['x-forwarded-for', forwarded]] })).code)
    return answers
  }
  const twice = ['MissingAction', 'MissingAction', 'Throttling']
  expect(await codes('10.0.0.1', '192.0.2.1')).toEqual(twice)
  // By another proxy it is the same client, whatever he has written before.
  expect(await codes('10.0.0.2', '203.0.113.9, 192.0.2.1', 1)).toEqual(['Throttling'])
  expect(await codes('10.0.0.1', '192.0.2.2')).toEqual(twice)
  // Of whoever is no proxy the headers mean nothing.
  expect(await codes('198.51.100.1', '192.0.2.77')).toEqual(twice)
  expect(await codes('198.51.100.1', '192.0.2.78', 1)).toEqual(['Throttling'])
})

test.each<[name: string, sub: string, code?: string]>([
  ['a NUL', '\0', 'InvalidIdentityToken'],
  ['a control character', '\u0001'],
  ['half a character', '\uD800', 'InvalidIdentityToken'],
  ['no character', '\uFFFE'],
  ['markup', ']]><a b="c">&amp;</a>'],
  ['lines', 'a\r\nb'],
  ['a prototype', '__proto__'],
  ['a long text', 'x'.repeat(2000), 'PackedPolicyTooLarge'],
])('a user whose name is %s gets a credential, or hears why not', async (_name, sub, expected = '') => {
  const door = new StsDoorRig()
  const { code, text } = await door.asUser(sub)
  expect(code).toBe(expected)
  expect(door.events.filter(({ name }) => name === 'fault')).toEqual([])
  // What XML does not have is written as what stands for it.
  expect(text).toMatch(/^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD]*$/)
})

const fields = fc.array(
  fc.tuple(
    fc.oneof(
      fc.constantFrom(
        'Action',
        'Version',
        'WebIdentityToken',
        'RoleArn',
        'RoleSessionName',
        'DurationSeconds',
        'Policy',
        'PolicyArns.member.1',
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
    ),
    fc.oneof(
      fc.constantFrom('AssumeRole', 'AssumeRoleWithWebIdentity', 'GetCallerIdentity', '2011-06-15', '3600', '{}', '%', '%zz', '%00', '+'),
      fc.constantFrom(userToken({ role: 'authenticated', sub: 'ann' }), userToken('[]'), userToken('{"exp":1e400}'), 'a.b.c'),
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.json({ maxDepth: 3 }),
    ),
  ),
  { maxLength: 8 },
)
const raw = fc.tuple(fields, fc.boolean()).map(([pairs, isEncoded]) =>
  // Half a character has no encoding.
  pairs
    .map((pair) => pair.map((each) => (isEncoded ? encodeURIComponent(each.replace(/\p{Surrogate}/gu, '?')) : each)).join('='))
    .join('&'),
)
const bodies = fc.oneof(
  raw,
  raw.map((more) => `${identityForm(userToken({ role: 'authenticated', sub: 'ann' }))}&${more}`),
  fc.string({ unit: 'binary', maxLength: 200 }),
)

test('whatever is posted, nobody but its sender is at fault', async () => {
  const door = new StsDoorRig({ perAddressMinuteMax: 1e6, perSubjectMinuteMax: 1e6 })
  const codes = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(bodies, fc.constantFrom('application/x-www-form-urlencoded', 'text/plain', ''), async (body, type) => {
      const { status, code } = await door.post(body, { type })
      expect([200, 400, 403, 413]).toContain(status)
      codes.set(code, (codes.get(code) ?? 0) + 1)
    }),
    { numRuns: 1000 },
  )
  expect(door.events.filter(({ name }) => name === 'fault')).toEqual([])
  // It came further than the first check.
  for (const code of ['', 'MissingAction', 'ValidationError']) expect(codes.get(code)).toBeGreaterThan(0)
})
