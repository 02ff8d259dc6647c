import type { DocumentWrite, StoredDocument } from '../metadata/documents.ts'
import type { JsonValue } from '../model/json-value.ts'
import { parseRowPolicy } from '../policy/parse-row-policy.ts'
import type { Relation } from '../policy/relation.ts'
import type { Role } from '../policy/role.ts'
import type { RowPolicy } from '../policy/row-policy.ts'
import { assert } from '../util/assert.ts'
import { readRelation, RELATION_KIND } from './relation-document.ts'

/** The kinds of documents that policies are kept in. */
export const POLICY_KINDS: Readonly<Record<'role' | 'rowPolicy' | 'relation' | 'set', string>> = {
  role: 'role',
  rowPolicy: 'row-policy',
  relation: RELATION_KIND,
  /** One document, written with every change of roles, row-level policies and relations: changes that meet are made one after the other. */
  set: 'policy-set',
}
const SET_ID = 'set'

/** What is said of roles, rows and relations in a namespace. */
export interface PolicyList {
  /** The namespace's own ones, by name; the built-in ones are always there. */
  readonly roles: readonly Role[]
  /** By table and name. */
  readonly policies: readonly RowPolicy[]
  /** What policies may look into, by name. */
  readonly relations: readonly Relation[]
}

/** What the documents of these kinds say, with the version of the one that all changes write; null where there was none yet. */
export interface PolicyDocuments extends PolicyList {
  readonly setVersion: number | null
}

/** The document of a role. Null instead of one deletes it. */
export function roleWrite(name: string, role: Role | null): DocumentWrite {
  const body = role === null ? null : { bypassRls: role.bypassRls, inherits: role.inherits }
  return { kind: POLICY_KINDS.role, id: name, expected: 'any', body, sealed: null }
}

/** The document of a row-level policy. Null instead of one deletes it. */
export function rowPolicyWrite({ table, name }: Pick<RowPolicy, 'table' | 'name'>, policy: RowPolicy | null): DocumentWrite {
  return {
    kind: POLICY_KINDS.rowPolicy,
    id: `${table}/${name}`,
    expected: 'any',
    body: policy === null ? null : bodyOf(policy),
    sealed: null,
  }
}

/** The document that every change writes; refused where somebody else has changed something since `expected`. */
export function setWrite(expected: number | null): DocumentWrite {
  return { kind: POLICY_KINDS.set, id: SET_ID, expected, body: {}, sealed: null }
}

/** Reads what the documents say. */
export function readPolicyDocuments(documents: readonly StoredDocument[]): PolicyDocuments {
  const of = (kind: string): readonly StoredDocument[] => documents.filter((document) => document.kind === kind)
  const relations = of(POLICY_KINDS.relation).map(readRelation)
  return {
    roles: of(POLICY_KINDS.role).map(readRole),
    policies: of(POLICY_KINDS.rowPolicy).map((document) => readRowPolicy(document, relations)),
    relations,
    setVersion: of(POLICY_KINDS.set)[0]?.version ?? null,
  }
}

/** Predicates as text: they may nest deeper than documents may. */
function bodyOf({ mode, command, roles, using, check, source }: RowPolicy): JsonValue {
  return {
    mode,
    command,
    roles,
    ...(using === undefined ? {} : { using: JSON.stringify(using) }),
    ...(check === undefined ? {} : { check: JSON.stringify(check) }),
    ...(source === undefined ? {} : { source }),
  }
}

function readRole({ id, body }: StoredDocument): Role {
  const { bypassRls, inherits } = fieldsOf(body)
  assert(typeof bypassRls === 'boolean' && Array.isArray(inherits), `the document of the role ${id} is damaged`)
  return { name: id, bypassRls, inherits: inherits.map(String) }
}

/** As strictly as when it was put: what this release does not understand must not be taken for less than it says. */
function readRowPolicy({ id, body }: StoredDocument, relations: readonly Relation[]): RowPolicy {
  const slash = id.indexOf('/')
  const fields: Record<string, unknown> = { ...fieldsOf(body), table: id.slice(0, slash), name: id.slice(slash + 1) }
  for (const name of ['using', 'check']) {
    const text = fields[name]
    if (text === undefined) continue
    assert(typeof text === 'string', `the document of the policy ${id} is damaged`)
    fields[name] = JSON.parse(text) as unknown
  }
  return parseRowPolicy(fields, `the stored policy ${id}`, { relations })
}

function fieldsOf(body: JsonValue): Readonly<Record<string, JsonValue>> {
  assert(typeof body === 'object' && body !== null && !Array.isArray(body), 'the document of a policy is no object')
  return body as Readonly<Record<string, JsonValue>>
}
