import { access } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { AccessKeys, StoredCredentials } from '@stowage/credentials'
import type { KeyCredential } from '@stowage/credentials'
import { administer } from './administration.ts'
import type { Administration } from './administration.ts'
import type { CliContext } from './cli-context.ts'
import { connectControl } from './control-client.ts'
import { masterKeysFor } from './master-keys.ts'
import { BLOBS_FOLDER, METADATA_FILE, metadataFromEnvironment, storesOf } from './stores.ts'

/** Which store a command is about. */
export interface AdministeredStore {
  /** The data directory, as given to `serve`; relative to the working directory. */
  readonly directory: string
  /** As given to `serve`. */
  readonly metadata?: string
  /** As given to `serve`. */
  readonly schema?: string
}

/**
 * Gives an operator's question to the server that has the directory open; where none has, opens the stores for it and closes them
 * afterwards. Throws where the directory is none.
 */
export async function withAdministration<T>(
  store: AdministeredStore & { readonly env: CliContext['env'] },
  use: (administration: Administration) => Promise<T>,
): Promise<T> {
  const directory = resolve(store.directory)
  const serving = await connectControl(directory)
  if (serving !== null) return use(serving)
  // Opening would make an empty store where there is none, and find it in perfect order.
  const metadata = store.metadata ?? metadataFromEnvironment(store.env)
  const sign = metadata === undefined ? METADATA_FILE : BLOBS_FOLDER
  await access(join(directory, sign)).catch((error: unknown) => {
    throw new Error(`${directory} is not a data directory: it has no ${sign} that can be read.`, { cause: error })
  })
  const masterKeys = masterKeysFor(store.env, directory)
  const stores = await storesOf({
    directory,
    // Servers of another release may go on with it: an operator's look changes nothing.
    migrate: false,
    ...(metadata === undefined ? {} : { metadata }),
    ...(store.schema === undefined ? {} : { schema: store.schema }),
  })
  try {
    await stores.metadata.open()
    try {
      await stores.backend.init()
      const parts = { documents: stores.metadata, masterKeys }
      const keys = new AccessKeys(parts)
      const find = async (id: string): Promise<KeyCredential | null> => (await keys.find(id))?.credential ?? null
      const stored = new StoredCredentials({ ...parts, keys: { find } })
      return await use(administer(stores, { keys, stored }))
    } finally {
      await stores.backend.close()
      await stores.metadata.close()
    }
  } finally {
    await stores.end()
  }
}
