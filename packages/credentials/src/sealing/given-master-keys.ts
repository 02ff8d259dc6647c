import type { KeyProvider } from './key-provider.ts'
import { masterKeyOf } from './master-key-of.ts'

/**
 * Master keys that somebody gives, of 32 bytes each: the current one, and former ones under which something may still be sealed.
 * Throws `InvalidArgument` for a key of another length.
 */
export function givenMasterKeys(current: Uint8Array, former: readonly Uint8Array[] = []): KeyProvider {
  const first = masterKeyOf(current)
  const keys = new Map([first, ...former.map(masterKeyOf)].map((key) => [key.id, key]))
  return { current: () => first, byId: (id) => keys.get(id) ?? null }
}
