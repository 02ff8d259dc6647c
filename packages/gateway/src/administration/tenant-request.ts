import { parseTenantFolder } from '../tenants/tenant.ts'
import type { TenantPlace } from '../tenants/tenant.ts'

/** What an operator wants of the tenants of a server, as JSON; what is null stays as it is, or is the server's default. */
export type TenantRequest =
  | { readonly do: 'create'; readonly name: string; readonly hosts: readonly string[]; readonly requestsMax: number | null }
  | { readonly do: 'list' }
  | { readonly do: 'show' | 'suspend' | 'resume' | 'delete'; readonly name: string }
  | { readonly do: 'change'; readonly name: string; readonly hosts: readonly string[] | null; readonly requestsMax: number | null }
  /** Where its metadata is from now on, once it has been copied there. */
  | { readonly do: 'place'; readonly name: string; readonly place: TenantPlace }

/** Reads what another process of this user wants. Throws for anything that is no such wish. */
export function parseTenantRequest(value: unknown): TenantRequest {
  if (typeof value !== 'object' || value === null) throw unknown()
  // JSON it was.
  const wish = value as Readonly<Record<string, unknown>>
  const what = wish['do']
  if (what === 'list') return { do: what }
  const name = textOf(wish['name'])
  switch (what) {
    case 'create':
      return { do: what, name, hosts: textsOf(wish['hosts']), requestsMax: numberOrNull(wish['requestsMax']) }
    case 'change': {
      const hosts = wish['hosts'] === null ? null : textsOf(wish['hosts'])
      return { do: what, name, hosts, requestsMax: numberOrNull(wish['requestsMax']) }
    }
    case 'show':
    case 'suspend':
    case 'resume':
    case 'delete':
      return { do: what, name }
    case 'place':
      return { do: what, name, place: placeOf(wish['place']) }
    default:
      throw unknown()
  }
}

function placeOf(value: unknown): TenantPlace {
  if (typeof value !== 'object' || value === null) throw unknown()
  const { kind, folder, schema } = value as Readonly<Record<string, unknown>>
  if (kind === 'sqlite') return { kind, folder: parseTenantFolder(textOf(folder)) }
  if (kind === 'postgres') return { kind, schema: textOf(schema) }
  throw unknown()
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw unknown()
  return value
}

function textsOf(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw unknown()
  return value.map(textOf)
}

function numberOrNull(value: unknown): number | null {
  if (value !== null && typeof value !== 'number') throw unknown()
  return value
}

function unknown(): Error {
  return new Error('The server that has this directory open does not understand this about tenants: it is of another version.')
}
