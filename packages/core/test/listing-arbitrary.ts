import * as fc from 'fast-check'

const LONG = `${'x'.repeat(480)}/`
const PIECES = [
  'a', 'b', 'A', '/', '//', '%', '_', '*', '[', ']', "'", '"', '\\', ' ', '--', 'é', 'e\u0301', '\ud7ff', '\ue000', '\ufffe', '\uffff',
  '\u{10000}', '\u{1f600}', '\u{10ffff}', '\u{10ffff}\u{10ffff}', 'ab', 'a/', '/a', LONG,
] // prettier-ignore

/** Keys that meet each other's prefixes, delimiters and edges. */
export const listedKey: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 4 })
  .map((pieces) => pieces.join(''))

/** What a listing asks, over these keys. */
export const listingQuery: fc.Arbitrary<{
  readonly prefix: string
  readonly delimiter: string | null
  readonly limit: number
  readonly rowsScannedMax: number
}> = fc.record({
  prefix: fc.oneof(
    { weight: 2, arbitrary: fc.constant('') },
    { weight: 3, arbitrary: fc.constantFrom(...PIECES) },
    { weight: 1, arbitrary: listedKey },
  ),
  delimiter: fc.constantFrom(null, null, '/', '/', '//', 'a', '\u{10ffff}', '\uffff', '--', 'a/', "'"),
  limit: fc.integer({ min: 1, max: 7 }),
  rowsScannedMax: fc.oneof(fc.constant(100_000), fc.integer({ min: 1, max: 9 })),
})
