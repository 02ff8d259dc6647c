import { HOSTS_MAX, parseTenantHost } from './tenant.ts'
import type { TenantCatalogue } from './tenant-catalogue.ts'

/**
 * Takes these for the hosts of the tenant of this id, each once and in lower case, or throws: for what is no host name, for too many, and for
 * one at or below another tenant's, which would be one of that one's buckets.
 */
export function checkedHosts(hosts: readonly string[], id: string, catalogue: TenantCatalogue): readonly string[] {
  if (hosts.length > HOSTS_MAX) throw new Error(`A tenant has at most ${HOSTS_MAX} hosts.`)
  const names = [...new Set(hosts.map(parseTenantHost))]
  for (const name of names) {
    const other = catalogue.ofHost(name)
    if (other !== null && other.id !== id) throw new Error(`Another tenant has the host ${name}, or one above it.`)
  }
  return names
}
