import { InvalidArgumentError } from 'commander'
import { decodeScope, encodeScope, isStorageError } from '@stowage/core'
import type { JsonObject, JsonValue } from '@stowage/core'
import { jurisdictionFromHost } from '@stowage/s3-protocol'
import type { Jurisdiction } from '@stowage/s3-protocol'

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

/** One host name, in lower case. */
export function parseDomain(value: string): string {
  return collectDomain(value).join('').toLowerCase()
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

/** A number of seconds. */
export function parseSeconds(text: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) throw new InvalidArgumentError('It is a whole number of seconds.')
  return Number(text)
}

/** A jurisdiction and its host, one more. */
export function collectJurisdiction(text: string, former: readonly Jurisdiction[] = []): Jurisdiction[] {
  const [, name, host] = /^([^=]+)=([^=]+)$/.exec(text) ?? []
  if (name === undefined || host === undefined) throw new InvalidArgumentError('A jurisdiction is written as eu=eu.storage.example.com.')
  try {
    jurisdictionFromHost([{ name, host }])
  } catch (error) {
    throw new InvalidArgumentError(error instanceof TypeError ? error.message : 'A jurisdiction is written as eu=eu.storage.example.com.')
  }
  return [...former, { name, host }]
}

/** Whatever is JSON. */
export function parseJson(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    throw new InvalidArgumentError('It is JSON.')
  }
}

/** Names, with commas between them. */
export function parseNames(text: string): string[] {
  return text.split(',').map((name) => name.trim())
}

/** A whole number from 0. */
export function parseCount(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 0.')
  return Number(text)
}

/** One of the tables that policies are about. */
export function parseTable(text: string): string {
  if (text !== 'objects' && text !== 'buckets') throw new InvalidArgumentError('Policies are about objects or buckets.')
  return text
}

/** An object in braces, as JSON. */
export function parseJsonObject(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError('It is an object of JSON, such as {"aal":"aal2"}.')
}

/** What a key may do at most, as JSON. */
export function parseScope(text: string): JsonValue {
  try {
    return encodeScope(decodeScope(JSON.parse(text)))
  } catch (error) {
    throw new InvalidArgumentError(isStorageError(error) ? error.message : 'A scope is JSON, such as {"operations":["GetObject"]}.')
  }
}

/** How many things are done at once: 1 to 64. */
export function parseConcurrency(text: string): number {
  const count = Number(text)
  if (!/^[0-9]{1,2}$/.test(text) || count < 1 || count > 64) throw new InvalidArgumentError('It is a whole number from 1 to 64.')
  return count
}
