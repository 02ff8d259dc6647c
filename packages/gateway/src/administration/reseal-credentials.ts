import type { AccessKeys, KeyProvider, MasterKeyFile, StoredCredentials } from '@stowage/credentials'
import type { CredentialAnswer } from './credential-request.ts'

const BY = { by: 'operator' } as const

/** What is sealed, and under what. */
export interface SealedParts {
  readonly keys: AccessKeys
  readonly stored: StoredCredentials
  readonly masterKeys: KeyProvider
}

/**
 * Seals every stored secret under the current master key that is not yet; with `newMasterKey` under one that is made for it, which only a
 * directory's own file can take. Nobody notices: no key changes, and nothing that was made from one ends. Stopped in between, it is done
 * again.
 */
export async function resealCredentials(
  { keys, stored, masterKeys }: SealedParts,
  { newMasterKey }: { readonly newMasterKey: boolean },
): Promise<CredentialAnswer> {
  if (newMasterKey) {
    if (!isFile(masterKeys)) {
      throw new Error(
        'The environment gives the master key: put a new one there, the former one into STOWAGE_FORMER_MASTER_KEYS, and reseal.',
      )
    }
    await masterKeys.rotate()
  }
  return { resealed: (await keys.reseal(BY)) + (await stored.reseal(BY)) }
}

function isFile(masterKeys: KeyProvider): masterKeys is MasterKeyFile {
  return 'rotate' in masterKeys
}
