import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readConfigFile } from './config-file.ts'
import type { Config } from './config-file.ts'

async function read(text: string): Promise<Config> {
  const directory = await mkdtemp(join(tmpdir(), 'stowage-config-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const file = join(directory, 'stowage.json')
  await writeFile(file, text)
  return readConfigFile(file)
}

const KEY = { accessKeyId: 'ANNSKEY', secretAccessKey: 'very secret' }
const ANN = { id: 'ann', keys: [KEY] }

test('accounts with their keys', async () => {
  const bob = {
    id: 'bob',
    displayName: 'B. Builder',
    email: 'bob@example.com',
    keys: [
      { ...KEY, accessKeyId: 'ONE' },
      { ...KEY, accessKeyId: 'TWO' },
    ],
  }
  expect(await read(JSON.stringify({ accounts: [ANN, bob] }))).toEqual({
    accounts: [{ ...ANN, displayName: 'ann', email: null }, bob],
    limits: {},
  })
})

test('limits, with or without accounts', async () => {
  const limits = { connectionsMax: 1, headSecondsMax: 0.5, bodyBytesPerSecondMin: 0 }
  expect(await read(JSON.stringify({ limits }))).toEqual({ accounts: [], limits })
  expect(await read('{}')).toEqual({ accounts: [], limits: {} })
})

test.each<[unknown, string]>([
  [[], 'is not an object in braces'],
  [{ accounts: [] }, 'accounts is not a list'],
  [{ acounts: [ANN] }, "nobody knows 'acounts'. There are accounts, limits"],
  [{ limits: [] }, 'limits is not an object in braces'],
  [{ limits: { headersMin: 1 } }, "limits: nobody knows 'headersMin'. There are connectionsMax, headSecondsMax, "],
  [{ limits: { headersMax: '20' } }, 'limits.headersMax must be a whole number from 10 to 1000.'],
  [{ limits: { headersMax: 20.5 } }, 'limits.headersMax must be a whole number'],
  [{ limits: { headersMax: 1_001 } }, 'limits.headersMax must be a whole number from 10 to 1000.'],
  [{ limits: { idleSecondsMax: 0 } }, 'limits.idleSecondsMax must be a number from 0.1 to 86400 (seconds).'],
  [{ limits: { idleSecondsMax: null } }, 'limits.idleSecondsMax must be'],
  [{ accounts: [{ ...ANN, mail: 'x' }] }, "accounts[0]: nobody knows 'mail'. There are id, displayName, email, keys"],
  [{ accounts: [ANN, { keys: [KEY] }] }, 'accounts[1].id is not a text'],
  [{ accounts: [{ id: 'x'.repeat(257), keys: [KEY] }] }, 'longer than 256 bytes'],
  [{ accounts: [{ id: 'ann', keys: [] }] }, 'accounts[0].keys is not a list'],
  [{ accounts: [{ id: 'ann', keys: [{ ...KEY, accessKeyId: 'a/b' }] }] }, 'accounts[0].keys[0].accessKeyId must be'],
  [{ accounts: [{ id: 'ann', keys: [{ ...KEY, secretAccessKey: 'short' }] }] }, 'at least 8 characters'],
  [{ accounts: [ANN, { ...ANN, keys: [{ ...KEY, accessKeyId: 'OTHER' }] }] }, 'two accounts have the id ann'],
  [{ accounts: [ANN, { ...ANN, id: 'bob' }] }, 'two keys have the id ANNSKEY'],
])('%j: %s', async (config, sentence) => {
  await expect(read(JSON.stringify(config))).rejects.toThrow(sentence)
})

test('what is not JSON, or not there, is said without a word of it', async () => {
  await expect(read('{ "secretAccessKey": "very secret", }')).rejects.toThrow(/is not JSON\.$/)
  await expect(readConfigFile('/nowhere/stowage.json')).rejects.toThrow('cannot be read')
})
