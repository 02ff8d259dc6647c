import { InvalidArgumentError } from 'commander'
import { decodeScope, encodeScope, isStorageError } from '@stowage/core'
import type { JsonValue } from '@stowage/core'

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

/** A moment, as ISO 8601. */
export function parseTime(text: string): string {
  const time = /^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?$/.test(text) ? new Date(text) : null
  if (time === null || Number.isNaN(time.getTime()))
    throw new InvalidArgumentError('A time is written as 2030-01-31 or 2030-01-31T12:00:00Z.')
  return time.toISOString()
}

/** What a key may do at most, as JSON. */
export function parseScope(text: string): JsonValue {
  try {
    return encodeScope(decodeScope(JSON.parse(text)))
  } catch (error) {
    throw new InvalidArgumentError(isStorageError(error) ? error.message : 'A scope is JSON, such as {"operations":["GetObject"]}.')
  }
}
