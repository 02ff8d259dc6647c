import { expect, test } from 'vitest'
import { userJwt, verdict, withStored } from '../../test/stored-world.ts'
import type { StoredWorld } from '../../test/stored-world.ts'
import type { StoredCredentials, StoredCredentialsOptions } from './stored-credentials.ts'

const NOTHING = { durationSeconds: null, policy: null, roleSessionName: null }

/** Stored credentials that count the documents which they have read. */
function counted(
  { store, openStored }: StoredWorld,
  options: Partial<StoredCredentialsOptions> = {},
): { readonly stored: StoredCredentials; readonly read: () => number } {
  let read = 0
  const documents = {
    readDocument: (id: Parameters<typeof store.readDocument>[0]) => {
      read += 1
      return store.readDocument(id)
    },
    listDocuments: async (query: Parameters<typeof store.listDocuments>[0]) => {
      const page = await store.listDocuments(query)
      read += Math.max(1, page.documents.length)
      return page
    },
    policyVersion: () => store.policyVersion(),
    writeDocuments: store.writeDocuments.bind(store),
  }
  return { stored: openStored({ ...options, documents }), read: () => read }
}

const assume = (stored: StoredCredentials, webIdentityToken: string, roleArn: string | null): Promise<unknown> =>
  stored.assumeRoleWithWebIdentity({ action: 'AssumeRoleWithWebIdentity', webIdentityToken, roleArn, ...NOTHING })

test('a stranger without a role costs no look at every project', async () => {
  await withStored('sqlite', null, async (world) => {
    const { here, now } = world
    for (let index = 0; index < 20; index += 1) await here.projects.create({ ref: `project-${index}`, account: 'acme' })
    const { stored, read } = counted(world)
    for (const token of ['', 'x', 'a.b', 'a.b.c', `${userJwt('x'.repeat(32), {}, now())}.`, 'x'.repeat(9000)]) {
      await expect(assume(stored, token, null)).rejects.toMatchObject({ name: 'StsError', code: 'InvalidIdentityToken' })
    }
    expect(read()).toBe(0)
    const token = userJwt('x'.repeat(32), { role: 'authenticated' }, now())
    for (let request = 0; request < 10; request += 1) {
      await expect(assume(stored, token, null)).rejects.toMatchObject({ name: 'StsError', code: 'ValidationError' })
    }
    expect(read()).toBe(2)
    for (let request = 0; request < 10; request += 1) {
      await expect(assume(stored, token, 'arn:aws:iam::123456789012:role/any')).rejects.toMatchObject({ code: 'ValidationError' })
    }
    // One look each for the project that is named.
    expect(read()).toBe(12)
    await stored.close()
  })
})

test('the only project is the one that is meant, as long as it is the only one', async () => {
  await withStored('sqlite', null, async (world) => {
    const { here, there, now, advance } = world
    await expect(assume(here, userJwt('x'.repeat(32), {}, now()), null)).rejects.toMatchObject({ code: 'ValidationError' })
    const { jwtSecret } = await here.projects.create({ ref: 'first', account: 'acme' })
    const token = userJwt(jwtSecret ?? '', { role: 'authenticated', sub: 'ann' }, now())
    advance(1000)
    for (const each of [here, there]) expect(await assume(each, token, null)).toMatchObject({ sub: 'ann' })
    await here.projects.create({ ref: 'second', account: 'acme' })
    advance(1000)
    for (const each of [here, there]) await expect(assume(each, token, null)).rejects.toMatchObject({ code: 'ValidationError' })
    for (const each of [here, there]) expect(await assume(each, token, 'arn:aws:iam::first:role/any')).toMatchObject({ sub: 'ann' })
  })
})

const READ_PHOTOS = [
  {
    id: '1',
    effect: 'allow',
    resources: { 'com.cloudflare.edge.r2.bucket.acme_default_photos': '*' },
    permission_groups: [{ id: '2', name: 'Workers R2 Storage Bucket Item Read' }],
  },
]

test('a stranger with the id of an R2 token, and a token of his own, costs a look at two documents, once', async () => {
  await withStored('sqlite', null, async (world) => {
    const tokens = await Promise.all(
      Array.from({ length: 5 }, () => world.here.r2Tokens.create({ account: 'acme', policies: READ_PHOTOS })),
    )
    const [{ id } = { id: '' }] = tokens
    const { stored, read } = counted(world, { r2Endpoints: new Map([['acme.r2.test', 'default']]) })
    const made = Buffer.from(`jwt/${userJwt('x'.repeat(64), { iss: id, aud: 'acme.r2.test' }, world.now())}`).toString('base64')
    for (let request = 0; request < 10; request += 1) expect(await verdict(stored.find(id, made))).toBe('invalid-token')
    // The token, and its last use, which is written down.
    expect(read()).toBe(2)
    await stored.close()
  })
})

test('a token of R2 says when it was last used', async () => {
  await withStored('sqlite', null, async ({ here, openStored, now }) => {
    const { id } = await here.r2Tokens.create({ account: 'acme', policies: READ_PHOTOS })
    expect(await here.r2Tokens.get(id)).toMatchObject({ id, lastUsedAt: null })
    const process = openStored()
    expect(await verdict(process.find(id, null))).toBe('found')
    await process.close()
    expect(await here.r2Tokens.get(id)).toMatchObject({ id, lastUsedAt: now() })
  })
})
