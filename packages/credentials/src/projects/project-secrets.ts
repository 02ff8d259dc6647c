import type { KeyProvider } from '../sealing/key-provider.ts'
import { openSecret, sealSecret } from '../sealing/seal-secret.ts'
import { damaged } from '../stored/fields.ts'
import { readJsonObject } from '../read-json-object.ts'

/** Secrets of one document, by id. */
export type NamedSecrets = ReadonlyMap<string, string>

/** Seals several secrets as one; null where there is none. `purpose` and `id` bind them to their document. */
export async function sealSecrets(
  secrets: NamedSecrets,
  sealedFor: { readonly purpose: string; readonly id: string },
  masterKeys: KeyProvider,
): Promise<Uint8Array | null> {
  if (secrets.size === 0) return null
  return sealSecret(Buffer.from(JSON.stringify(Object.fromEntries(secrets))), sealedFor, masterKeys)
}

/** Opens what `sealSecrets` made. Rejects with `StoreUnavailable` for anything else. */
export async function openSecrets(
  sealed: Uint8Array | null,
  sealedFor: { readonly purpose: string; readonly id: string },
  masterKeys: KeyProvider,
): Promise<NamedSecrets> {
  if (sealed === null) return new Map()
  const object = readJsonObject(await openSecret(sealed, sealedFor, masterKeys))
  if (object === null) throw damaged()
  return new Map(
    Object.entries(object).map(([id, secret]) => {
      if (typeof secret !== 'string') throw damaged()
      return [id, secret]
    }),
  )
}
