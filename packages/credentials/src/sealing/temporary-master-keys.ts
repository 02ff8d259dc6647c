import { secretBytes } from '../secret-bytes.ts'
import { givenMasterKeys } from './given-master-keys.ts'
import { MASTER_KEY_BYTES } from './key-provider.ts'
import type { KeyProvider } from './key-provider.ts'

/** A master key that nobody else has and that goes with the process: for stores that do, too. */
export function temporaryMasterKeys(): KeyProvider {
  return givenMasterKeys(secretBytes(MASTER_KEY_BYTES))
}
