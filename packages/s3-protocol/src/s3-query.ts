import type { QueryPair } from '@stowage/http'
import { S3Error } from './s3-error.ts'

/** What AWS takes for an integer in a query: 32 bits with a sign. */
const INTEGER_MAX = 2_147_483_647

/** The decoded query, looked up by name. A name that came twice is refused when it is read: proxies disagree on which counts. */
export class S3Query {
  /** Every name once, in order of arrival. */
  readonly names: readonly string[]
  readonly #pairs: readonly QueryPair[]

  constructor(pairs: readonly QueryPair[]) {
    this.#pairs = pairs
    this.names = pairs.length < 2 ? pairs.map((pair) => pair[0]) : [...new Set(pairs.map((pair) => pair[0]))]
  }

  /** The value, '' where the name came without one, null where it did not come. */
  get(name: string): string | null {
    let value: string | null = null
    for (const pair of this.#pairs) {
      if (pair[0] !== name) continue
      if (value !== null) {
        throw new S3Error('InvalidArgument', `The query parameter ${name} came more than once.`, { fields: { ArgumentName: name } })
      }
      value = pair[1]
    }
    return value
  }

  /** Like `get`, with an empty value counting as absent. */
  text(name: string): string | undefined {
    const value = this.get(name)
    return value === null || value === '' ? undefined : value
  }

  /** An integer from `min` to `max`; what lies above `max` is cut down to it, as AWS does with max-keys. */
  integer(name: string, bounds: { readonly min: number; readonly max: number }): number | undefined {
    const value = this.get(name)
    if (value === null || value === '') return undefined
    if (!/^[0-9]{1,10}$/.test(value) || Number(value) < bounds.min || Number(value) > INTEGER_MAX) {
      throw new S3Error('InvalidArgument', `The value of ${name} must be an integer from ${bounds.min} to ${INTEGER_MAX}.`, {
        fields: { ArgumentName: name, ArgumentValue: value },
      })
    }
    return Math.min(Number(value), bounds.max)
  }
}
