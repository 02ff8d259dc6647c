import type { DocumentWrite, StoredDocument } from '../metadata/documents.ts'
import type { JsonValue } from '../model/json-value.ts'
import { parseRelation } from '../policy/parse-relation.ts'
import type { Relation } from '../policy/relation.ts'
import { assert } from '../util/assert.ts'

/** The kind of documents that describe relations, by their names. */
export const RELATION_KIND = 'relation'

/** The document of a relation. Null instead of one deletes it. */
export function relationWrite(name: string, relation: Relation | null): DocumentWrite {
  return { kind: RELATION_KIND, id: name, expected: 'any', body: relation === null ? null : relationBody(relation), sealed: null }
}

/** What the document says. Columns as a list: documents do not keep the order of an object's names. */
export function relationBody({ columns, indexes, kept, key }: Relation): JsonValue {
  const list = Object.entries(columns).map(([name, column]) => ({ name, ...column }))
  return { kept, columns: list, indexes, ...(key === undefined ? {} : { key }) }
}

/** As strictly as when it was put: what this release does not understand must not be taken for something else. */
export function readRelation({ id, body }: StoredDocument): Relation {
  const damaged = `the document of the relation ${id} is damaged`
  assert(typeof body === 'object' && body !== null && !Array.isArray(body), damaged)
  const { columns, ...fields } = body as Readonly<Record<string, JsonValue>>
  assert(Array.isArray(columns), damaged)
  const named = columns.map((column: JsonValue) => {
    assert(typeof column === 'object' && column !== null && !Array.isArray(column), damaged)
    const { name, ...rest } = column as Readonly<Record<string, JsonValue>>
    assert(typeof name === 'string', damaged)
    return [name, rest] as const
  })
  return parseRelation({ ...fields, name: id, columns: Object.fromEntries(named) }, `the stored relation ${id}`)
}
