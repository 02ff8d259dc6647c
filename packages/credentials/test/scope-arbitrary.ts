import { OPERATION_NAMES, type OperationName, type Scope } from '@stowage/core'
import * as fc from 'fast-check'

const OPERATIONS = Object.keys(OPERATION_NAMES) as OperationName[]
// Few letters, so that prefixes nest and keys are met.
const arbitraryKey: fc.Arbitrary<string> = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 4 })
const bucket = fc.record({ jurisdiction: fc.constantFrom('default', 'eu'), name: fc.constantFrom('one', 'two') })

const fields = {
  buckets: fc.array(bucket, { maxLength: 3 }),
  operations: fc.array(fc.constantFrom(...OPERATIONS)).map((names) => new Set(names)),
  prefixes: fc.array(arbitraryKey, { maxLength: 3 }),
  objects: fc.array(arbitraryKey, { maxLength: 3 }),
  notAfter: fc.integer({ min: 0, max: 4_000_000_000 }).map((second) => new Date(second * 1000)),
  sourceCidrs: fc.array(fc.constantFrom('10.0.0.0/8', '10.1.0.0/16', '::/0'), { maxLength: 3 }),
}

/** Scopes that overlap often, each field absent half the time. */
export const arbitraryScope: fc.Arbitrary<Scope> = fc.record(fields, { requiredKeys: [] })

/** One thing that somebody may want to do. */
export interface Wish {
  readonly bucket: { readonly jurisdiction: string; readonly name: string }
  readonly key: string
  readonly operation: OperationName
  readonly at: Date
}

export const arbitraryWish: fc.Arbitrary<Wish> = fc.record({
  bucket,
  key: arbitraryKey,
  operation: fc.constantFrom(...OPERATIONS),
  at: fields.notAfter,
})

/** What a scope says of a wish, written once more and plainly; where it comes from is not asked. */
export function scopeLets(scope: Scope | null, { bucket: { jurisdiction, name }, key, operation, at }: Wish): boolean {
  if (scope === null) return true
  const { buckets, operations, prefixes, objects, notAfter } = scope
  const keyIsFree = prefixes === undefined && objects === undefined
  return (
    (buckets === undefined || buckets.some((each) => each.name === name && each.jurisdiction === jurisdiction)) &&
    (operations === undefined || operations.has(operation)) &&
    (notAfter === undefined || at <= notAfter) &&
    (keyIsFree || objects?.includes(key) === true || prefixes?.some((prefix) => key.startsWith(prefix)) === true)
  )
}
