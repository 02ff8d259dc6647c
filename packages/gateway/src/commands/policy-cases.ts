import { parseDocument } from 'yaml'
import { CheckedFields } from '../stores/checked-fields.ts'
import { readExplainWish } from '../administration/explain-wish.ts'
import type { ExplainWish } from '../administration/explain-wish.ts'

/** What is expected of one request. */
export interface PolicyCase {
  readonly name: string
  readonly wish: ExplainWish
  readonly expected: 'allow' | 'deny'
}

/** The longest file of cases, in bytes of UTF-8. */
const FILE_BYTES_MAX = 1_048_576
const CASES_MAX = 1_000
/** How often what anchors hold may be repeated, by way of other anchors too. */
const ALIAS_COUNT_MAX = 10_000

/**
 * Reads cases from YAML 1.2: `cases`, each with `name`, `expect` (`allow` or `deny`), and a request as `readExplainWish` takes it; `defaults`
 * stands for the fields that a case does not have. Throws with the place for whatever is not understood: nothing is passed over.
 */
export function parsePolicyCases(text: string, file: string): readonly PolicyCase[] {
  const fields = new CheckedFields(parseYaml(text, file), file)
  const defaults = fields.fields('defaults') === null ? {} : (fields.value('defaults') as object)
  const given = fields.list('cases')
  fields.end()
  if (given.length === 0) throw new Error(`${file}: there are no cases.`)
  if (given.length > CASES_MAX) throw new Error(`${file}: there are more than ${CASES_MAX} cases.`)
  const cases = given.map((one, index) => readCase(one, { at: `${file}: cases[${index}]`, defaults }))
  const names = cases.map(({ name }) => name)
  const double = names.find((name, index) => names.indexOf(name) !== index)
  if (double !== undefined) throw new Error(`${file}: two cases have the name '${double}'.`)
  return cases
}

function readCase(value: unknown, { at, defaults }: { readonly at: string; readonly defaults: object }): PolicyCase {
  const own = new CheckedFields(value, at)
  const name = own.text('name')
  const fields = new CheckedFields({ ...defaults, ...(value as object) }, `${at} ('${name}')`)
  fields.text('name')
  const expected = fields.oneOf('expect', ['allow', 'deny'])
  const wish = readExplainWish(fields)
  fields.end()
  return { name, wish, expected }
}

function parseYaml(text: string, file: string): unknown {
  if (Buffer.byteLength(text) > FILE_BYTES_MAX) throw new Error(`${file} is longer than ${FILE_BYTES_MAX} bytes.`)
  try {
    const document = parseDocument(text, { version: '1.2', schema: 'core', uniqueKeys: true })
    // A warning is a tag that nobody knows, or the like: not to be passed over either.
    const [fault] = [...document.errors, ...document.warnings]
    if (fault !== undefined) throw new Error(fault.message)
    return document.toJS({ maxAliasCount: ALIAS_COUNT_MAX })
  } catch (error) {
    throw new Error(`${file} cannot be read as YAML: ${(error as Error).message.trimEnd()}`, { cause: error })
  }
}
