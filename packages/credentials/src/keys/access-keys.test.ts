import type { Scope } from '@stowage/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPostgresDatabase } from '../../../core/test/postgres-database.ts'
import type { PostgresServer } from '../../../core/test/postgres-server.ts'
import { withKeys } from '../../test/key-world.ts'
import type { KeyWorld } from '../../test/key-world.ts'
import { SUPABASE_ROLES } from '../roles.ts'
import { givenMasterKeys } from '../sealing/given-master-keys.ts'
import { KEY_KINDS } from './access-key-document.ts'

let postgres: PostgresServer
beforeAll(async () => {
  postgres = await openPostgresDatabase()
})
afterAll(() => postgres.stop())

const READS: Scope = { operations: new Set(['GetObject', 'HeadObject']), prefixes: ['in/', 'shared/'] }
const INVALID = { code: 'InvalidArgument' }

describe.each(['sqlite', 'postgres'] as const)('access keys on %s', (database) => {
  const on = (run: (world: KeyWorld) => Promise<void>) => (): Promise<void> => withKeys(database, postgres, run)

  test(
    'a new key is found with its secret, which is nowhere to be read',
    on(async ({ keys, elsewhere, store, now, events }) => {
      const made = await keys.create({ account: 'acme', description: 'backups', by: 'anna' })
      expect(made).toEqual({
        id: made.accessKeyId,
        accessKeyId: expect.stringMatching(/^AKIA[A-Z2-7]{16}$/),
        secretAccessKey: made.secretAccessKey,
      })
      expect(made.secretAccessKey).toMatch(/^[\w-]{40}$/)
      const { accessKeyId, secretAccessKey } = made
      const caller = { principal: { kind: 'account' }, account: 'acme', scope: null, credentialId: accessKeyId }
      for (const each of [keys, elsewhere]) {
        expect(await each.resolver().find(accessKeyId)).toEqual({ id: accessKeyId, version: '1', secretAccessKey, caller })
      }
      const nothing = { role: null, sub: null, claims: {}, scope: null, parent: null, expiresAt: null, disabled: false }
      const info = { ...nothing, id: accessKeyId, accessKeyId, account: 'acme', description: 'backups', createdAt: now() }
      expect(await elsewhere.get(accessKeyId)).toMatchObject(info)
      const { documents } = await store.readDocuments({ kinds: Object.values(KEY_KINDS) })
      for (const { body, sealed } of documents) {
        expect(JSON.stringify(body)).not.toContain(secretAccessKey)
        expect(Buffer.from(sealed ?? []).includes(secretAccessKey)).toBe(false)
      }
      expect(events).toContainEqual({ name: 'access-key.created', fields: { accessKeyId, account: 'acme', parent: null, by: 'anna' } })
      expect(JSON.stringify(events)).not.toContain(secretAccessKey)
    }),
  )

  test(
    'a key of a role is its user, without what belongs to a token',
    on(async ({ keys }) => {
      const claims = { team: 'red', iss: 'x', issuer: 'x', exp: 1, iat: 1 }
      const { id } = await keys.create({ account: 'acme', role: 'authenticated', sub: 'user-1', claims, scope: READS })
      const found = await keys.resolver().find(id)
      expect(found?.caller).toEqual({
        principal: { kind: 'role', role: 'authenticated', sub: 'user-1', claims: { team: 'red' }, bypassRls: false },
        account: 'acme',
        scope: READS,
        credentialId: id,
      })
    }),
  )

  test(
    'what makes no sense is refused, and nothing is made',
    on(async ({ keys, now }) => {
      const refused = [
        { account: '' },
        { account: 'a'.repeat(501) },
        { account: 'acme', role: 'nobody' },
        { account: 'acme', sub: 'user-1' },
        { account: 'acme', claims: { a: 1 } },
        { account: 'acme', expiresAt: now() },
        { account: 'acme', expiresAt: new Date(Number.NaN) },
        { account: 'acme', description: 'x'.repeat(1025) },
        { account: 'acme', scope: { tenant: 'x' } as unknown as Scope },
        { account: 'acme', pair: { accessKeyId: 'a/b', secretAccessKey: 'long enough' } },
        { account: 'acme', pair: { accessKeyId: 'abc', secretAccessKey: 'short' } },
      ]
      for (const input of refused) await expect(keys.create(input)).rejects.toMatchObject(INVALID)
      expect(await keys.list()).toEqual({ keys: [], next: null })
    }),
  )

  test(
    'D23: an id is given once, in whichever case, even when its key is gone',
    on(async ({ keys, open }) => {
      const pair = { accessKeyId: 'Backup-Key', secretAccessKey: 'secret-of-backup' }
      expect(await keys.create({ account: 'acme', pair })).toEqual({ id: 'Backup-Key', ...pair })
      const taken = async (accessKeyId: string): Promise<void> =>
        expect(keys.create({ account: 'other', pair: { ...pair, accessKeyId } })).rejects.toMatchObject(INVALID)
      await taken('Backup-Key')
      await taken('BACKUP-KEY')
      // And it is only found as it was given.
      expect(await keys.resolver().find('backup-key')).toBeNull()
      expect(await keys.get('backup-key')).toBeNull()
      await expect(keys.revoke('backup-key')).rejects.toMatchObject(INVALID)
      await keys.revoke('Backup-Key')
      await taken('Backup-Key')
      await taken('backup-key')
      const reserving = open({ reservedIds: ['ROOT-key'] })
      await expect(reserving.create({ account: 'acme', pair: { ...pair, accessKeyId: 'root-KEY' } })).rejects.toMatchObject(INVALID)
    }),
  )

  test(
    'an account has so many keys and no more, however many are made at once',
    on(async ({ open, elsewhere }) => {
      const keys = open({ keysPerAccountMax: 3 })
      const made = await Promise.allSettled(Array.from({ length: 8 }, () => keys.create({ account: 'acme' })))
      expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
      await expect(keys.create({ account: 'acme' })).rejects.toMatchObject({ code: 'LimitExceeded', details: { max: 3 } })
      await keys.create({ account: 'other' })
      const { keys: listed } = await elsewhere.list({ account: 'acme' })
      expect(listed).toHaveLength(3)
      await elsewhere.revoke(listed[0]?.id ?? '')
      await keys.create({ account: 'acme' })
      await expect(keys.create({ account: 'acme' })).rejects.toMatchObject({ code: 'LimitExceeded' })
    }),
  )

  test(
    'keys are listed in pages, those of an account, too',
    on(async ({ keys }) => {
      const ids: string[] = []
      for (let at = 0; at < 6; at += 1) ids.push((await keys.create({ account: at % 3 === 0 ? 'acme' : 'other' })).id)
      const listed: string[] = []
      let after: string | null = null
      do {
        const page: Awaited<ReturnType<typeof keys.list>> = await keys.list({ after, limit: 2 })
        listed.push(...page.keys.map(({ id }) => id))
        after = page.next
      } while (after !== null)
      expect(listed).toEqual(ids.toSorted())
      const { keys: own } = await keys.list({ account: 'acme' })
      expect(own.map(({ id }) => id)).toEqual(ids.filter((_, at) => at % 3 === 0).toSorted())
      expect((await keys.list({ account: 'nobody', limit: 1 })).keys).toEqual([])
    }),
  )

  test(
    'each change is announced, and refused where there is no such key',
    on(async ({ keys, events }) => {
      const { id, secretAccessKey } = await keys.create({ account: 'acme' })
      const resolver = keys.resolver()
      const before = await resolver.find(id)
      const rotated = await keys.rotate(id, { by: 'anna' })
      expect(rotated).toMatchObject({ id, accessKeyId: id })
      expect(rotated.secretAccessKey).not.toBe(secretAccessKey)
      const after = await resolver.find(id)
      expect(after?.secretAccessKey).toBe(rotated.secretAccessKey)
      expect(after?.version).not.toBe(before?.version)
      await keys.disable(id)
      await keys.disable(id)
      expect(await resolver.find(id)).toBeNull()
      expect((await keys.get(id))?.disabled).toBe(true)
      await keys.enable(id)
      expect((await resolver.find(id))?.secretAccessKey).toBe(rotated.secretAccessKey)
      await keys.revoke(id, { by: 'anna' })
      expect(await resolver.find(id)).toBeNull()
      expect(await keys.get(id)).toBeNull()
      const names = ['created', 'rotated', 'disabled', 'disabled', 'enabled', 'revoked'].map((name) => `access-key.${name}`)
      expect(events.map(({ name }) => name)).toEqual(names)
      expect(events.at(-1)?.fields).toEqual({ accessKeyId: id, by: 'anna' })
      for (const secret of [secretAccessKey, rotated.secretAccessKey]) expect(JSON.stringify(events)).not.toContain(secret)
      for (const missing of [id, 'AKIAUNKNOWN', 'a/b', '']) {
        await expect(keys.rotate(missing)).rejects.toMatchObject(INVALID)
        await expect(keys.disable(missing)).rejects.toMatchObject(INVALID)
        await expect(keys.enable(missing)).rejects.toMatchObject(INVALID)
        await expect(keys.revoke(missing)).rejects.toMatchObject(INVALID)
        expect(await keys.get(missing)).toBeNull()
        expect(await resolver.find(missing)).toBeNull()
      }
    }),
  )

  test(
    'a child can do what its parent can, today, and ends with it',
    on(async ({ keys, now, advance }) => {
      const expiresAt = new Date(now().getTime() + 3_600_000)
      const parent = await keys.create({ account: 'acme', role: 'authenticated', sub: 'user-1', scope: READS, expiresAt })
      const scope: Scope = { operations: new Set(['GetObject', 'PutObject']), prefixes: ['in/2030/', 'out/'] }
      const later = new Date(expiresAt.getTime() + 1)
      const child = await keys.createChild({ parent: parent.id, scope, expiresAt: later })
      const resolver = keys.resolver()
      const found = await resolver.find(child.id)
      expect(found?.secretAccessKey).toBe(child.secretAccessKey)
      expect(found?.caller).toMatchObject({ principal: { role: 'authenticated', sub: 'user-1' }, account: 'acme', credentialId: child.id })
      expect(found?.caller.scope).toEqual({ operations: new Set(['GetObject']), prefixes: ['in/2030/'], objects: [], notAfter: expiresAt })
      expect(found?.expiresAt).toEqual(expiresAt)
      expect(await keys.get(child.id)).toMatchObject({ parent: parent.id, expiresAt })
      await expect(keys.createChild({ parent: child.id, scope })).rejects.toMatchObject(INVALID)
      await expect(keys.createChild({ parent: 'AKIAUNKNOWN', scope })).rejects.toMatchObject(INVALID)
      await keys.disable(parent.id)
      expect(await resolver.find(child.id)).toBeNull()
      await expect(keys.createChild({ parent: parent.id, scope })).rejects.toMatchObject(INVALID)
      await keys.enable(parent.id)
      expect(await resolver.find(child.id)).not.toBeNull()
      const second = await keys.createChild({ parent: parent.id, scope: {} })
      await keys.revoke(parent.id)
      expect(await resolver.find(child.id)).toBeNull()
      expect(await resolver.find(second.id)).toBeNull()
      advance(1)
    }),
  )

  test(
    'a role that is none any more is nobody',
    on(async ({ open, keys }) => {
      const roles = new Map([...SUPABASE_ROLES, ['auditor', { bypassRls: false }] as const])
      const { id } = await open({ roles }).create({ account: 'acme', role: 'auditor' })
      expect(await open({ roles }).resolver().find(id)).not.toBeNull()
      expect(await keys.resolver().find(id)).toBeNull()
    }),
  )

  test(
    'a new master key: all are sealed again, and the former one is needed no more',
    on(async ({ keys, open, events }) => {
      const made = await keys.create({ account: 'acme' })
      const second = Buffer.alloc(32, 2)
      const rotating = open({ masterKeys: givenMasterKeys(second, [Buffer.alloc(32, 1)]) })
      const young = await rotating.create({ account: 'acme' })
      expect(await rotating.reseal({ by: 'anna' })).toBe(1)
      expect(events.at(-1)).toEqual({ name: 'access-keys.resealed', fields: { count: 1, by: 'anna' } })
      expect(await rotating.reseal()).toBe(0)
      const without = open({ masterKeys: givenMasterKeys(second) }).resolver()
      expect((await without.find(made.id))?.secretAccessKey).toBe(made.secretAccessKey)
      expect((await without.find(young.id))?.secretAccessKey).toBe(young.secretAccessKey)
      // With another master key nobody is let in, and it is no answer about the client.
      await expect(keys.resolver().find(made.id)).rejects.toMatchObject({ code: 'StoreUnavailable' })
    }),
  )

  test(
    'a document that this release does not understand is no key',
    on(async ({ keys, store }) => {
      const { id } = await keys.create({ account: 'acme', scope: READS })
      const document = await store.readDocument({ kind: KEY_KINDS.key, id: id.toLowerCase() })
      const body = document?.body as Record<string, never>
      const others = [{ ...body, scope: { prefixes: [], planets: [] } }, { ...body, disabled: 'no' }, { ...body, account: null }, 'text']
      for (const changed of others) {
        const write = {
          kind: KEY_KINDS.key,
          id: id.toLowerCase(),
          expected: 'any' as const,
          body: changed,
          sealed: document?.sealed ?? null,
        }
        await store.writeDocuments({ writes: [write], raisesPolicyVersion: false })
        await expect(keys.resolver().find(id)).rejects.toMatchObject({ code: 'StoreUnavailable', details: { store: 'access keys' } })
      }
    }),
  )
})
