import { join } from 'node:path'
import { givenMasterKeys, masterKeyFile, temporaryMasterKeys } from '@stowage/credentials'
import type { KeyProvider } from '@stowage/credentials'

/** Where a data directory keeps its master key, unless the environment gives one. */
export const MASTER_KEY_FILE = 'master.key'

const VARIABLE = 'STOWAGE_MASTER_KEY'
/** Under which something may still be sealed. */
const FORMER_VARIABLE = 'STOWAGE_FORMER_MASTER_KEYS'
const KEY_BYTES = 32

/**
 * What the secrets of stored keys are sealed under: the key that the environment gives, with former ones beside it, else the one kept in the directory, which is
 * made at its first use; without a directory one that goes with the process. Servers that share a database share the key, too.
 */
export function masterKeysFor(env: Readonly<Record<string, string | undefined>>, directory: string | null): KeyProvider {
  const given = env[VARIABLE] ?? ''
  const former = (env[FORMER_VARIABLE] ?? '').split(',').filter((text) => text !== '')
  if (given !== '')
    return givenMasterKeys(
      readKey(given, VARIABLE),
      former.map((text) => readKey(text, FORMER_VARIABLE)),
    )
  if (former.length > 0) throw new Error(`${FORMER_VARIABLE} goes with ${VARIABLE}, the newer one.`)
  return directory === null ? temporaryMasterKeys() : masterKeyFile(join(directory, MASTER_KEY_FILE))
}

/** Never repeats what it was given. */
function readKey(text: string, variable: string): Uint8Array {
  const bytes = /^[0-9a-fA-F]{64}$/.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64')
  const isWhole = /^[A-Za-z0-9+/_-]+={0,2}$/.test(text) && bytes.length === KEY_BYTES
  if (!isWhole) throw new Error(`${variable} is 32 random bytes, as 64 hexadecimal digits or as base64: 'openssl rand -hex 32' makes some.`)
  return bytes
}
