import { HOSTS_MAX, parseTenantHost } from './tenant.ts'

/**
 * Takes these for the hosts of a tenant, each once and in lower case, or throws: for what is no host name, for too many, and for one at, below or
 * above a domain of the server's, where everybody's buckets and tenants are. Which are another tenant's is the catalogue's to say.
 */
export function checkedHosts(hosts: readonly string[], serverDomains: readonly string[]): readonly string[] {
  if (hosts.length > HOSTS_MAX) throw new Error(`A tenant has at most ${HOSTS_MAX} hosts.`)
  const names = [...new Set(hosts.map(parseTenantHost))]
  for (const name of names) {
    const domain = serverDomains.find((each) => isAtOrBelow(name, each) || isAtOrBelow(each, name))
    if (domain !== undefined) throw new Error(`No tenant has the host ${name}: ${domain} is the server’s own.`)
  }
  return names
}

/** Whether a host name is this one, or below it. */
export function isAtOrBelow(name: string, above: string): boolean {
  return name === above || name.endsWith(`.${above}`)
}
