import { link, open, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { StorageError } from '@stowage/core'
import { secretBytes } from '../secret-bytes.ts'
import { MASTER_KEY_BYTES } from './key-provider.ts'
import type { KeyProvider, MasterKey } from './key-provider.ts'
import { masterKeyOf } from './master-key-of.ts'

/** Master keys in a file. */
export interface MasterKeyFile extends KeyProvider {
  current(): Promise<MasterKey>
  byId(id: string): Promise<MasterKey | null>
  /** Makes a new current key; the former ones stay. Not for two processes at once. */
  rotate(): Promise<MasterKey>
}

/** Former keys are kept as long as anything may be sealed under them; nobody rotates so often. */
const KEYS_MAX = 1000
const COMMENT = `# Master keys, the current one first: 32 bytes each, in base64url.
# Who has this file and the database beside it has every secret in it: keep copies apart, and never lose it.
`

/**
 * Master keys in a file, which is made (0600, on the disk before it is used) where it is not there when a key is first asked for.
 * Beside the database it is no protection at all against whoever reads that directory, nor in a backup of both: it protects a
 * database that gets out alone. Rejects with `StoreUnavailable` where the file cannot be read or made, or is damaged: it is never
 * replaced, since whatever was sealed under it would be lost.
 */
export function masterKeyFile(path: string): MasterKeyFile {
  let reading: Promise<readonly MasterKey[]> | null = null
  const keys = (): Promise<readonly MasterKey[]> => {
    reading ??= readOrMake(path).catch((error: unknown) => {
      reading = null
      throw error
    })
    return reading
  }
  const current = async (): Promise<MasterKey> => firstOf(await keys(), path)
  const rotate = async (): Promise<MasterKey> => {
    // Whatever others have made since stays.
    reading = null
    const former = await keys()
    if (former.length === KEYS_MAX) return fail(path, `has ${KEYS_MAX} keys, and takes no further one`)
    await write(path, [masterKeyOf(secretBytes(MASTER_KEY_BYTES)), ...former], 'replace')
    reading = null
    return current()
  }
  let rotating: Promise<unknown> = Promise.resolve()
  return {
    current,
    byId: async (id) => {
      const known = (await keys()).find((key) => key.id === id)
      if (known !== undefined) return known
      // Another process may have made it since.
      reading = null
      return (await keys()).find((key) => key.id === id) ?? null
    },
    // One after the other: of two at once, one would write over the key of the other.
    rotate: () => {
      const rotated = rotating.then(rotate)
      rotating = rotated.catch(() => undefined)
      return rotated
    },
  }
}

async function readOrMake(path: string): Promise<readonly MasterKey[]> {
  const there = await read(path)
  if (there !== null) return there
  await write(path, [masterKeyOf(secretBytes(MASTER_KEY_BYTES))], 'create')
  // Another process may have been faster: then it is that one's.
  return (await read(path)) ?? fail(path, 'is gone again')
}

async function read(path: string): Promise<readonly MasterKey[] | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null
    return fail(path, 'cannot be read', error)
  }
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  if (lines.length === 0 || lines.length > KEYS_MAX) return fail(path, 'is damaged')
  return lines.map((line) => (/^[A-Za-z0-9_-]{43}$/.test(line) ? masterKeyOf(Buffer.from(line, 'base64url')) : fail(path, 'is damaged')))
}

/** Under its name only when it is whole and on the disk. */
async function write(path: string, keys: readonly MasterKey[], mode: 'create' | 'replace'): Promise<void> {
  const draft = `${path}.${secretBytes(8).toString('hex')}.new`
  const text = COMMENT + keys.map(({ bytes }) => `${Buffer.from(bytes).toString('base64url')}\n`).join('')
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await (mode === 'replace' ? rename(draft, path) : linkUnlessThere(draft, path))
    await syncDirectory(dirname(path))
  } catch (error) {
    fail(path, 'cannot be written', error)
  } finally {
    await rm(draft, { force: true })
  }
}

async function linkUnlessThere(draft: string, path: string): Promise<void> {
  try {
    await link(draft, path)
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
  }
}

/** On Windows a directory cannot be synced, and need not be. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function firstOf(keys: readonly MasterKey[], path: string): MasterKey {
  return keys[0] ?? fail(path, 'is damaged')
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

function fail(path: string, what: string, cause?: unknown): never {
  throw new StorageError('StoreUnavailable', { store: 'secrets', reason: `the file of master keys, ${basename(path)}, ${what}` }, { cause })
}
