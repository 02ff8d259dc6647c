import { nameOfHost } from './name-of-host.ts'

/** What may stand before a domain: names of DNS, joined by dots. Whether it is a bucket's name is for the engine to say. */
const LABELS = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/

/**
 * Makes the function that finds a bucket in a Host header (virtual-host style): with the domain `s3.test`, the bucket of
 * `photos.s3.test:9000` is `photos`. Null for the domains themselves and for every other host: there the path names the bucket.
 *
 * Where one domain ends with another, the longest that fits counts. Throws a `TypeError` for what is no host name.
 * AWS: "Virtual hosting of general purpose buckets".
 */
export function bucketFromHost(domains: readonly string[]): (host: string) => string | null {
  const suffixes = domains.map(suffixOf).sort((left, right) => right.length - left.length)
  return (host) => {
    const name = nameOfHost(host)
    // A host that is one of the domains is no bucket of a shorter one.
    if (suffixes.some((suffix) => name === suffix.slice(1))) return null
    const suffix = suffixes.find((suffix) => name.endsWith(suffix) && name.length > suffix.length)
    return suffix === undefined ? null : name.slice(0, -suffix.length)
  }
}

function suffixOf(domain: string): string {
  const name = domain.toLowerCase()
  if (!LABELS.test(name)) throw new TypeError(`'${domain}' is no domain: it is a host name, without a port, such as s3.example.com.`)
  return `.${name}`
}
