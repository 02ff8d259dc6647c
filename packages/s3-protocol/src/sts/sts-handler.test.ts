import { expect, test } from 'vitest'
import { StsDoorRig } from '../../test/sts-door.ts'

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
