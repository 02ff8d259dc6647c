import type { JsonValue } from '@stowage/core'

/** Where a tenant's metadata is. */
export type TenantPlace =
  /** In a SQLite file in `tenants/FOLDER` of the data directory. */
  | { readonly kind: 'sqlite'; readonly folder: string }
  /** In a schema of the server's Postgres. */
  | { readonly kind: 'postgres'; readonly schema: string }

/** `active` is served; `suspended` is refused with `AccountProblem`; `deleting` is refused as if it were gone, and soon is. */
export type TenantState = 'active' | 'suspended' | 'deleting'

/** A namespace, as the server that has many of them knows it. */
export interface Tenant {
  /** What operators call it, and the first label of its host below the server's tenant domain. */
  readonly name: string
  /** Of this tenant and no other one, ever: a deleted one leaves its name to others, and this to nobody. */
  readonly id: string
  /** Host names of its own, without a port; those of its buckets lie below them. */
  readonly hosts: readonly string[]
  readonly state: TenantState
  /** Requests at a time; more are answered `SlowDown`. */
  readonly requestsMax: number
  readonly place: TenantPlace
  readonly createdAt: Date
}

/** The kinds of documents that tenants are kept in, in the store of the server's own. */
export const TENANT_KINDS = {
  /** By name. */
  tenant: 'gateway.tenant',
  /** By host: whose it is. */
  host: 'gateway.tenant-host',
  /** One: its version says whether anybody has been given a host since. */
  hosts: 'gateway.tenant-hosts',
  /** By access key id, in lower case: whose it is. */
  key: 'gateway.tenant-key',
  /** By where a store is: whose it is. */
  place: 'gateway.tenant-place',
  /** That this store is that of a server with tenants. */
  marker: 'gateway.tenants',
} as const

/** How many one server has at the most: all of them are in memory. */
export const TENANTS_MAX = 10_000
/** Host names of one tenant. */
export const HOSTS_MAX = 20
/** The bound of `requestsMax`. */
const REQUESTS_MAX_MAX = 100_000

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
/** Of a host (RFC 1123 2.1), which knows no underscore: no door takes such a domain. */
const HOST_LABEL = NAME
/** Of a host name, in characters (RFC 1035 2.3.4, without the last dot). */
export const HOST_LENGTH_MAX = 253

/** Takes a name for one of a tenant, or throws: it is a label of host names. */
export function parseTenantName(name: string): string {
  if (NAME.test(name)) return name
  throw new Error('The name of a tenant is 1 to 63 of a-z 0-9 and hyphens, none of these at an end: it may be a part of host names.')
}

/** Whether this is a host name that a tenant may have, in lower case. */
export function isTenantHost(name: string): boolean {
  return name.length <= HOST_LENGTH_MAX && name.split('.').every((label) => HOST_LABEL.test(label))
}

/** Takes a host name for one of a tenant, in lower case, or throws. */
export function parseTenantHost(host: string): string {
  const name = host.toLowerCase()
  if (isTenantHost(name)) return name
  throw new Error(`'${host}' is no host name of a tenant: it is written without scheme, port and path, such as files.example.com.`)
}

/** Takes the name of a folder for one of a tenant, or throws: it lies in `tenants/` of the data directory, and nowhere else. */
export function parseTenantFolder(folder: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(folder)) return folder
  throw new Error('The folder of a tenant is 1 to 128 of A-Z a-z 0-9 . _ -, and lies in tenants/ of the data directory.')
}

/** Takes a number of requests at a time, or throws. */
export function parseRequestsMax(value: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= REQUESTS_MAX_MAX) return value
  throw new Error(`A tenant has 1 to ${REQUESTS_MAX_MAX} requests at a time.`)
}

/** What every blob of a tenant is named after. */
export function blobPrefixOf({ id }: Tenant): string {
  return `tenants/${id}/`
}

/** A tenant as its document has it. */
export function encodeTenant({ id, hosts, state, requestsMax, place, createdAt }: Tenant): JsonValue {
  return { id, hosts, state, requestsMax, place: encodePlace(place), createdAt: createdAt.getTime() }
}

/** Reads a document. Throws for what another release has written. */
export function decodeTenant(name: string, body: JsonValue): Tenant {
  const { id, hosts, state, requestsMax, place, createdAt } = fields(body)
  if (typeof id !== 'string' || !Array.isArray(hosts) || typeof requestsMax !== 'number' || typeof createdAt !== 'number') throw unknown()
  const known = (['active', 'suspended', 'deleting'] as const).find((each) => each === state)
  if (known === undefined) throw unknown()
  const named = hosts.filter((host): host is string => typeof host === 'string')
  return { name, id, hosts: named, state: known, requestsMax, place: decodePlace(place ?? null), createdAt: new Date(createdAt) }
}

/** A place as JSON. */
export function encodePlace(place: TenantPlace): JsonValue {
  return { ...place }
}

/** Reads a place. Throws for what another release has written. */
export function decodePlace(value: JsonValue): TenantPlace {
  const { kind, folder, schema } = fields(value)
  if (kind === 'sqlite' && typeof folder === 'string') return { kind, folder }
  if (kind === 'postgres' && typeof schema === 'string') return { kind, schema }
  throw unknown()
}

function fields(value: JsonValue): Readonly<Record<string, JsonValue | undefined>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unknown()
  // No array, so an object.
  return value as Readonly<Record<string, JsonValue | undefined>>
}

function unknown(): Error {
  return new Error('What is kept of a tenant cannot be read: it was written by another release.')
}
