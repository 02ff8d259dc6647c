import type { IncomingMessage } from 'node:http'
import type { JsonObject, JsonValue } from '@stowage/core'
import { readControlBody } from './control-body.ts'
import type { KeyRequest } from './key-administration.ts'

/** Reads what another process of this user wants of the stored keys. Throws for anything that is no such wish. */
export async function readKeyRequest(message: IncomingMessage): Promise<KeyRequest> {
  return parseKeyRequest(await readControlBody(message))
}

function parseKeyRequest(value: unknown): KeyRequest {
  if (typeof value !== 'object' || value === null) throw unknown()
  const fields = value as Readonly<Record<string, unknown>>
  const { do: what } = fields
  switch (what) {
    case 'create': {
      // JSON it was; what is in it is read where the key is made.
      const scope = (fields['scope'] ?? null) as JsonValue
      const [account, parent] = [textOrNull(fields['account']), textOrNull(fields['parent'])]
      return {
        do: what,
        account,
        parent,
        description: textOrNull(fields['description']),
        as: userOrNull(fields['as']),
        scope,
        expiresAt: textOrNull(fields['expiresAt']),
      }
    }
    case 'list':
      return { do: what, account: textOrNull(fields['account']), after: textOrNull(fields['after']) }
    case 'rotate':
    case 'disable':
    case 'enable':
    case 'revoke':
      return { do: what, id: textOrNull(fields['id']) ?? '' }
    default:
      throw unknown()
  }
}

function userOrNull(value: unknown): (KeyRequest & { readonly do: 'create' })['as'] {
  if (value === undefined || value === null) return null
  if (typeof value !== 'object') throw unknown()
  const { role, sub, claims } = value as Readonly<Record<string, unknown>>
  if (typeof role !== 'string' || typeof claims !== 'object' || claims === null || Array.isArray(claims)) throw unknown()
  return { role, sub: textOrNull(sub), claims: claims as JsonObject }
}

function textOrNull(value: unknown): string | null {
  if (value === undefined || value === null) return null
  if (typeof value !== 'string') throw unknown()
  return value
}

function unknown(): Error {
  return new Error('The server that has this directory open does not understand this about keys: it is of another version.')
}
