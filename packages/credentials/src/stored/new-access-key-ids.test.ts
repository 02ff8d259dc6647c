import { sqliteMetadata } from '@stowage/core/sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { AccessKeys } from '../keys/access-keys.ts'
import type { DocumentStore } from '../keys/document-store.ts'
import { temporaryMasterKeys } from '../sealing/temporary-master-keys.ts'
import { newAccessKeyIds, storedAccessKeyIds } from './new-access-key-ids.ts'
import { StoredCredentials } from './stored-credentials.ts'

test('every key that is made shows in the writes that make it, and nothing else does', async () => {
  const metadata = sqliteMetadata({ temporary: true, worker: 'inline' })
  await metadata.open()
  onTestFinished(() => metadata.close())
  const seen: string[] = []
  const documents: DocumentStore = {
    policyVersion: () => metadata.policyVersion(),
    readDocument: (query) => metadata.readDocument(query),
    listDocuments: (query) => metadata.listDocuments(query),
    writeDocuments: (command) => {
      seen.push(...newAccessKeyIds(command.writes))
      return metadata.writeDocuments(command)
    },
  }
  const parts = { documents, masterKeys: temporaryMasterKeys() }
  const keys = new AccessKeys(parts)
  const key = await keys.create({ account: 'anna' })
  const child = await keys.createChild({ parent: key.id, scope: {} })
  await keys.rotate(key.id)
  await keys.disable(child.id)
  await keys.revoke(child.id)
  const stored = new StoredCredentials({ ...parts, keys: { find: async (id) => (await keys.find(id))?.credential ?? null } })
  onTestFinished(() => stored.close())
  await stored.projects.create({ ref: 'project', account: 'anna' })
  const policies = [
    {
      id: '1',
      effect: 'allow',
      permission_groups: [{ id: '2', name: 'Workers R2 Storage Bucket Item Read' }],
      resources: { 'com.cloudflare.edge.r2.bucket.anna_default_photos': '*' },
    },
  ]
  const token = await stored.r2Tokens.create({ account: 'anna', policies })
  expect(seen).toEqual([key.id.toLowerCase(), child.id.toLowerCase(), token.id])
  expect(await storedAccessKeyIds(documents)).toEqual([key.id.toLowerCase(), token.id])
})
