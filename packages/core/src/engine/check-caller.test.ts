import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { bytesOf, describeOnEachStore, openTestEngine } from '../../test/engine-matrix.ts'
import { accountCaller } from '../policy/caller.ts'
import type { Caller } from '../policy/caller.ts'

/** ASCII that no database packs: what is indexed is as long as it looks. */
function textOf(length: number): string {
  let text = ''
  for (let at = 0; text.length < length; at += 1) text += createHash('sha256').update(String(at)).digest('base64url')
  return text.slice(0, length)
}

const user = (sub: unknown, account: string | null = 'owner'): Caller => ({
  principal: { kind: 'role', role: 'user', sub: sub as string, claims: {}, bypassRls: false },
  account,
  scope: null,
  credentialId: null,
})
const signer = (sub: unknown): Caller => ({
  principal: {
    kind: 'grant',
    operation: 'PutObject',
    bucket: { jurisdiction: 'default', name: 'bucket' },
    key: 'k',
    versionId: null,
    frozen: { sub },
  },
  account: null,
  scope: null,
  credentialId: null,
})

describeOnEachStore('callers', (store) => {
  const refused: readonly (readonly [string, Caller, object])[] = [
    [
      'an account of 54,000 bytes',
      accountCaller(textOf(54_000)),
      { code: 'LimitExceeded', details: { limit: 'callerIdBytesMax', max: 256 } },
    ],
    ['a sub of 257 bytes', user(textOf(257)), { code: 'LimitExceeded' }],
    ['a sub of few characters and many bytes', user('✓'.repeat(86)), { code: 'LimitExceeded' }],
    ['a signed sub that is too long', signer(textOf(257)), { code: 'LimitExceeded' }],
    ['an account with a NUL', accountCaller('a\0b'), { code: 'InvalidArgument', details: { argument: 'caller.account' } }],
    ['a sub with half a pair', user('\ud800'), { code: 'InvalidArgument', details: { argument: 'caller.sub' } }],
    ['a sub that is a number', user(5), { code: 'InvalidArgument', details: { argument: 'caller.sub' } }],
  ]
  test.each(refused)('%s gets no session', async (_, caller, error) => {
    const { engine } = await openTestEngine(store)
    await expect((async () => engine.as(caller))()).rejects.toMatchObject(error)
    await engine.close()
  })

  test('the longest ids, keys and values fit all indexes', async () => {
    const account = textOf(500)
    const { engine, owner } = await openTestEngine(store, { limits: { keyBytesMax: 2_000, callerIdBytesMax: 500 } })
    const bucket = { name: 'b'.repeat(63), jurisdiction: 'j'.repeat(63) }
    await engine.as(accountCaller(account)).createBucket({ bucket, versioning: 'enabled' })
    for (const caller of [accountCaller(account), user(textOf(500), account)]) {
      const session = engine.as(caller)
      const key = textOf(2_000)
      const named = { bucket, key, headers: { contentType: 'x/y' }, userMetadata: { [textOf(1_000)]: textOf(1_000) } }
      await session.putObject({ ...named, body: bytesOf(1) })
      await session.putObject({ ...named, headers: { contentType: textOf(8_000) }, body: bytesOf(100_000) })
      const { uploadId } = await session.createUpload(named)
      expect((await session.listUploads({ bucket, prefix: key })).uploads).toMatchObject([{ uploadId }])
      await session.abortUpload({ bucket, key, uploadId })
      expect((await session.listVersions({ bucket, prefix: key })).versions.length).toBeGreaterThan(1)
    }
    expect(engine.as(owner).caller).toBe(owner)
    await engine.close()
  })
})
