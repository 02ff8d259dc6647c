import { InvalidArgumentError } from 'commander'

/** A port: 0 to 65,535. */
export function parsePort(text: string): number {
  const port = Number(text)
  if (!/^[0-9]{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError('A port is a number from 0 to 65535.')
  return port
}

/** A region's name. */
export function parseRegion(text: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(text))
    throw new InvalidArgumentError('A region is made of a-z, 0-9 and hyphens, such as eu-west-1.')
  return text
}

/** One more host name. */
export function collectDomain(value: string, former: readonly string[] = []): string[] {
  if (!/^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(value)) {
    throw new InvalidArgumentError('A domain is a host name without a port, such as s3.example.com.')
  }
  return [...former, value]
}

/** One more of what may be said several times. */
export function collect(value: string, former: readonly string[] = []): string[] {
  return [...former, value]
}
