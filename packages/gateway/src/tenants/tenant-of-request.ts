import type { HttpRequest } from '@stowage/http'
import { parseQuery } from '@stowage/http'
import { parentKeyIdOf } from '@stowage/credentials'
import { isTenantHost } from './tenant.ts'
import type { Tenant } from './tenant.ts'
import type { TenantCatalogue } from './tenant-catalogue.ts'

/** How a request says whose it is. */
export interface TenantOfRequestOptions {
  /** Which there are. */
  readonly catalogue: TenantCatalogue
  /** The domain below which the last label before it names the tenant: `acme.DOMAIN`, `bucket.acme.DOMAIN`. Null for none. */
  readonly domain: string | null
  /** That one, and those of everybody's buckets: they, and what is below them, are nobody's but for longer hosts. Default: that one. */
  readonly serverDomains?: readonly string[]
}

/** Whose a request is; where it is nobody's, whether it shows a key or says by its host that it is somebody's who is not there. */
export type FoundTenant =
  | { readonly tenant: Tenant; readonly domains: readonly string[] }
  | { readonly tenant: null; readonly because: 'host' | 'key' | 'nothing' }

/**
 * Finds whose request this is: by its host, where the host is a tenant's; else by the access key that it shows. A host below the domain is
 * that tenant's or nobody's, and the domain everybody's, whatever hosts a tenant was given. What the key is worth is for the tenant's door to say, which knows no key but its own.
 */
export async function tenantOfRequest(request: HttpRequest, options: TenantOfRequestOptions): Promise<FoundTenant> {
  const { catalogue, domain, serverDomains = domain === null ? [] : [domain] } = options
  const refreshed = catalogue.refresh()
  if (refreshed !== null) await refreshed
  const host = hostOf(request)
  const name = domain === null ? null : nameBelow(host, domain)
  if (name !== null) {
    const named = catalogue.find(name)
    return named === null ? { tenant: null, because: 'host' } : { tenant: named, domains: hostsOf(named, domain) }
  }
  const own = catalogue.ofHost(host, serverDomains)
  if (own !== null) return { tenant: own, domains: hostsOf(own, domain) }
  const accessKeyId = accessKeyIdOf(request)
  if (accessKeyId === null) return { tenant: null, because: 'nothing' }
  const parent = parentKeyOf(request)
  // A temporary credential is its parent's tenant's.
  const shown = (await catalogue.ofKey(accessKeyId)) ?? (parent === null ? null : await catalogue.ofKey(parent))
  return shown === null ? { tenant: null, because: 'key' } : { tenant: shown, domains: hostsOf(shown, domain) }
}

/** The host names that a tenant answers to, as domains of buckets: another release may have taken one that is none. */
function hostsOf({ hosts, name }: Tenant, domain: string | null): readonly string[] {
  const own = hosts.filter(isTenantHost)
  return domain === null ? own : [...own, `${name}.${domain}`]
}

/** In lower case, without a port, and without the dot that a whole name may end with. */
function hostOf({ headers }: HttpRequest): string {
  const host = headers.find(([name]) => name === 'host')?.[1] ?? ''
  return host.toLowerCase().replace(/\.?(?::[0-9]*)?$/, '')
}

function nameBelow(host: string, domain: string): string | null {
  return host.endsWith(`.${domain}`)
    ? (host
        .slice(0, -domain.length - 1)
        .split('.')
        .at(-1) ?? null)
    : null
}

const IN_HEADER = /^AWS4-HMAC-SHA256 (?:.*[ ,])?Credential=([^/,\s]+)\//
const IN_QUERY = /[?&]x-amz-credential=/i

/** The access key id that a request shows in its header or its query, unproven; null where it shows none. A form has it in its body. */
export function accessKeyIdOf({ headers, target }: HttpRequest): string | null {
  const authorization = headers.find(([name]) => name === 'authorization')?.[1]
  const shown = authorization === undefined ? null : (IN_HEADER.exec(authorization)?.[1] ?? null)
  if (shown !== null || !IN_QUERY.test(target)) return shown
  return inQuery(target, 'x-amz-credential')?.split('/')[0] ?? null
}

function parentKeyOf({ headers, target }: HttpRequest): string | null {
  const token = headers.find(([name]) => name === 'x-amz-security-token')?.[1] ?? inQuery(target, 'x-amz-security-token')
  return token === null ? null : parentKeyIdOf(token)
}

function inQuery(target: string, wanted: string): string | null {
  const mark = target.indexOf('?')
  if (mark === -1) return null
  try {
    return parseQuery(target.slice(mark + 1)).find(([name]) => name.toLowerCase() === wanted)?.[1] ?? null
  } catch {
    // No query that anybody could have signed.
    return null
  }
}
