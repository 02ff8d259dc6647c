import type { Relation } from '@stowage/core'
import { parseRelation } from '@stowage/core/policy'
import { readText } from './read-text.ts'

/** Reads a file of tables that policies may look into: a list, as JSON. Throws with the place for whatever is not understood. */
export async function readRelations(file: string): Promise<readonly Relation[]> {
  const text = await readText(file)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Error(`The file ${file} is not JSON: ${(error as Error).message}`, { cause: error })
  }
  if (!Array.isArray(value)) throw new Error(`${file} is not a list of relations.`)
  return value.map((relation: unknown, at) => parseRelation(relation, `${file}: [${at}]`))
}
