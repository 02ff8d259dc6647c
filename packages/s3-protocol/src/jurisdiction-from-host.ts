import { nameOfHost } from './name-of-host.ts'

/** A jurisdiction, and where its buckets are found. */
export interface Jurisdiction {
  /** As buckets carry it, such as `eu`; not `default`, which is where every other host leads. */
  readonly name: string
  /** A host name without a port, such as `eu.storage.example.com`. */
  readonly host: string
}

const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/
const HOST = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/

/**
 * Makes the function that finds the jurisdiction of a Host header; null for every host that is none of these. Where one host ends with
 * another, the longest that fits counts. Throws a `TypeError` for names and hosts that are none, and for a host that is there twice.
 * R2: "Data location", jurisdictional endpoints.
 */
export function jurisdictionFromHost(jurisdictions: readonly Jurisdiction[]): (host: string) => string | null {
  const known = jurisdictions.map(checked).sort((left, right) => right.host.length - left.host.length)
  if (new Set(known.map(({ host }) => host)).size < known.length) throw new TypeError('A host cannot be of two jurisdictions.')
  return (host) => {
    const name = nameOfHost(host)
    return known.find((one) => name === one.host || name.endsWith(`.${one.host}`))?.name ?? null
  }
}

function checked({ name, host }: Jurisdiction): Jurisdiction {
  if (!NAME.test(name) || name === 'default') throw new TypeError(`'${name}' is no name of a jurisdiction.`)
  const lower = host.toLowerCase()
  if (!HOST.test(lower)) throw new TypeError(`'${host}' is no host name, without a port, such as eu.storage.example.com.`)
  return { name, host: lower }
}
