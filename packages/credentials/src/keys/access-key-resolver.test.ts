import type { MetadataStore } from '@stowage/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPostgresDatabase } from '../../../core/test/postgres-database.ts'
import type { PostgresServer } from '../../../core/test/postgres-server.ts'
import { withKeys } from '../../test/key-world.ts'
import type { KeyWorld } from '../../test/key-world.ts'
import { KEY_KINDS } from './access-key-document.ts'

let postgres: PostgresServer
beforeAll(async () => {
  postgres = await openPostgresDatabase()
})
afterAll(() => postgres.stop())

const MINUTE = 60_000

/** The time of a key's last use as the store has it, in milliseconds. */
async function usedAt(store: MetadataStore, id: string): Promise<number | null> {
  const document = await store.readDocument({ kind: KEY_KINDS.use, id: id.toLowerCase() })
  const body = document?.body as { readonly lastUsedAt: number | null } | undefined
  return body?.lastUsedAt ?? null
}

describe.each(['sqlite', 'postgres'] as const)('finding access keys on %s', (database) => {
  const on = (run: (world: KeyWorld) => Promise<void>) => (): Promise<void> => withKeys(database, postgres, run)

  test(
    'what was found is answered at once, until a second has passed without a question',
    on(async ({ keys, advance }) => {
      const { id } = await keys.create({ account: 'acme' })
      const resolver = keys.resolver()
      const first = resolver.find(id)
      expect(first).toBeInstanceOf(Promise)
      const credential = await first
      expect(resolver.find(id)).toBe(credential)
      advance(999)
      // Asked beside it.
      expect(resolver.find(id)).toBe(credential)
      await keys.close()
    }),
  )

  test(
    'D38: a key that is revoked, disabled or rotated elsewhere is heard of within a second',
    on(async ({ keys, elsewhere, advance }) => {
      const [revoked, disabled, rotated] = [await keys.create({ account: 'acme' }), await keys.create({ account: 'acme' }), await keys.create({ account: 'acme' })] // prettier-ignore
      const child = await keys.createChild({ parent: revoked.id, scope: {} })
      const ids = [revoked.id, disabled.id, rotated.id, child.id]
      const resolver = elsewhere.resolver()
      for (const id of ids) expect(await resolver.find(id)).not.toBeNull()
      await keys.revoke(revoked.id)
      await keys.disable(disabled.id)
      const { secretAccessKey } = await keys.rotate(rotated.id)
      // It has not heard of it: this is what the second is for.
      for (const id of ids) expect(resolver.find(id)).not.toBeInstanceOf(Promise)
      advance(1000)
      expect(await resolver.find(revoked.id)).toBeNull()
      expect(await resolver.find(disabled.id)).toBeNull()
      expect(await resolver.find(child.id)).toBeNull()
      expect((await resolver.find(rotated.id))?.secretAccessKey).toBe(secretAccessKey)
      await keys.enable(disabled.id)
      // Absence is not kept.
      expect(await resolver.find(disabled.id)).not.toBeNull()
      expect(await resolver.find((await keys.create({ account: 'acme' })).id)).not.toBeNull()
    }),
  )

  test(
    'and beside calls that never pause',
    on(async ({ keys, elsewhere, advance }) => {
      const { id } = await keys.create({ account: 'acme' })
      const resolver = elsewhere.resolver()
      await resolver.find(id)
      await keys.revoke(id)
      advance(500)
      expect(resolver.find(id)).not.toBeInstanceOf(Promise)
      await expect.poll(() => resolver.find(id)).toBeNull()
    }),
  )

  test(
    'a key that is revoked here is refused at once, by whoever asks afterwards',
    on(async ({ keys, store, open }) => {
      const { id } = await keys.create({ account: 'acme' })
      let letGo = (): void => undefined
      const gate = new Promise<void>((resolve) => (letGo = resolve))
      // The first to read the key is slow to hear what it read.
      let readers = 0
      const readDocument: MetadataStore['readDocument'] = async (query) => {
        const document = await store.readDocument(query)
        if (query.kind === KEY_KINDS.key && readers++ === 0) await gate
        return document
      }
      const slow = open({
        documents: {
          readDocument,
          policyVersion: () => store.policyVersion(),
          listDocuments: (query) => store.listDocuments(query),
          writeDocuments: (command) => store.writeDocuments(command),
        },
      })
      const resolver = slow.resolver()
      const before = Promise.resolve(resolver.find(id))
      await expect.poll(() => readers).toBe(1)
      await slow.revoke(id)
      const after = resolver.find(id)
      letGo()
      expect(await after).toBeNull()
      // It asked while the key was there.
      expect(await before).not.toBeNull()
      expect(await resolver.find(id)).toBeNull()
    }),
  )

  test(
    'a key that expires is refused from then on, from what is kept, too',
    on(async ({ keys, now, advance }) => {
      const expiresAt = new Date(now().getTime() + 400)
      const { id } = await keys.create({ account: 'acme', expiresAt })
      const child = await keys.createChild({ parent: id, scope: {} })
      const resolver = keys.resolver()
      await resolver.find(id)
      await resolver.find(child.id)
      advance(399)
      expect(await resolver.find(id)).not.toBeNull()
      advance(1)
      expect(resolver.find(id)).toBeNull()
      expect(resolver.find(child.id)).toBeNull()
      expect(await keys.resolver().find(id)).toBeNull()
    }),
  )

  test(
    'only so many are kept',
    on(async ({ keys }) => {
      const ids = [await keys.create({ account: 'a' }), await keys.create({ account: 'b' }), await keys.create({ account: 'c' })].map(
        ({ id }) => id,
      )
      const [a = '', b = '', c = ''] = ids
      const resolver = keys.resolver({ cachedMax: 2 })
      for (const id of [a, b, a, c]) await resolver.find(id)
      expect(resolver.find(a)).not.toBeInstanceOf(Promise)
      expect(resolver.find(c)).not.toBeInstanceOf(Promise)
      expect(resolver.find(b)).toBeInstanceOf(Promise)
    }),
  )

  test(
    'a store that does not answer: nobody is let in on what may be long gone',
    on(async ({ store, open, advance, events }) => {
      const fault = new Error('gone')
      let broken = false
      const keys = open({
        documents: {
          policyVersion: () => (broken ? Promise.reject(fault) : store.policyVersion()),
          readDocument: (query) => store.readDocument(query),
          listDocuments: (query) => store.listDocuments(query),
          writeDocuments: (command) => store.writeDocuments(command),
        },
      })
      const { id } = await keys.create({ account: 'acme' })
      const resolver = keys.resolver()
      await resolver.find(id)
      broken = true
      advance(1000)
      await expect(resolver.find(id)).rejects.toBe(fault)
      expect(events).toContainEqual({ name: 'policy.version-unknown', fields: { error: fault } })
      broken = false
      expect(await resolver.find(id)).not.toBeNull()
    }),
  )

  test(
    'the time of last use is written once a minute, and at the end',
    on(async ({ keys, elsewhere, store, now, advance, events }) => {
      const { id } = await keys.create({ account: 'acme' })
      const start = now().getTime()
      const resolver = keys.resolver()
      expect(await keys.get(id)).toMatchObject({ lastUsedAt: null })
      await resolver.find(id)
      await expect.poll(() => usedAt(store, id)).toBe(start)
      advance(MINUTE - 1)
      await resolver.find(id)
      await resolver.find('AKIAUNKNOWN')
      const idle = keys.resolver()
      await idle.close()
      expect(await usedAt(store, id)).toBe(start)
      advance(1)
      await resolver.find(id)
      await expect.poll(() => usedAt(store, id)).toBe(start + MINUTE)
      advance(1)
      await resolver.find(id)
      // Another process wrote half a minute ago: this one need not, but at its end it does.
      advance(MINUTE / 2 - 1)
      await elsewhere.resolver().find(id)
      await elsewhere.close()
      expect(await usedAt(store, id)).toBe(start + 1.5 * MINUTE)
      expect((await keys.list()).keys).toMatchObject([{ id, lastUsedAt: new Date(start + 1.5 * MINUTE) }])
      // An earlier one does not undo a later one, and none brings back what is gone.
      await keys.close()
      expect(await usedAt(store, id)).toBe(start + 1.5 * MINUTE)
      await resolver.find(id)
      advance(10)
      await resolver.find(id)
      await elsewhere.revoke(id)
      await keys.close()
      expect(await store.readDocument({ kind: KEY_KINDS.use, id: id.toLowerCase() })).toBeNull()
      expect(events.filter(({ name }) => name === 'access-key.use-lost')).toEqual([])
    }),
  )
})
