import { StorageError } from '../errors/storage-error.ts'
import type { DocumentWrite } from '../metadata/documents.ts'
import type { RelationTableChange } from '../metadata/relations.ts'
import { parseRelation, RELATION_LIMITS, tableName } from '../policy/parse-relation.ts'
import { parseRowPolicy, ROW_POLICIES_MAX } from '../policy/parse-row-policy.ts'
import type { Relation } from '../policy/relation.ts'
import { RoleSet } from '../policy/role-set.ts'
import type { Role } from '../policy/role.ts'
import { PUBLIC_ROLE, type RowPolicy } from '../policy/row-policy.ts'
import { type PolicyList, roleWrite, rowPolicyWrite } from './policy-documents.ts'
import { relationBody, relationWrite } from './relation-document.ts'

/** What is to be said otherwise of roles, rows and relations; all of it or nothing. What is not named stays. */
export interface PolicyChange {
  /** Made, or put in the place of those of the same name. */
  readonly putRoles?: readonly Role[]
  /** By name. Removing what is not there is fine; what others inherit, or policies are for, stays, and the change is refused. */
  readonly removeRoles?: readonly string[]
  /** Made, or put in the place of those of the same table and name. */
  readonly putPolicies?: readonly RowPolicy[]
  readonly removePolicies?: readonly Pick<RowPolicy, 'table' | 'name'>[]
  /** Removes every policy that `putPolicies` does not name. Default false. */
  readonly replacePolicies?: boolean
  /**
   * Made, or changed: one that is there keeps its rows. It may gain nullable columns, lose columns and have other indexes; a column that
   * stays keeps its type, and the key is the same. Of a table that Postgres keeps it is looked whether it is there and can be read.
   */
  readonly putRelations?: readonly Relation[]
  /**
   * By name; with their rows, where the engine keeps them. Removing what is not there is fine. One that is put by the same change begins
   * anew, empty. What policies look into stays, and the change is refused.
   */
  readonly removeRelations?: readonly string[]
}

/** What a change comes to. */
export interface PlannedChange {
  /** Empty where it changes nothing. */
  readonly writes: readonly DocumentWrite[]
  readonly tables: readonly RelationTableChange[]
  /** Relations that are put and that Postgres keeps, with where they stand in the change: to be looked at. */
  readonly kept: readonly { readonly relation: Relation; readonly place: string }[]
}

/** The documents that a change writes, and the tables that go with them. Throws where the whole would not be valid. */
export function planChange(before: PolicyList, change: PolicyChange): PlannedChange {
  const { putRoles = [], removeRoles = [], removePolicies = [], replacePolicies = false } = change
  const relations = planRelations(before, change)
  const putPolicies = (change.putPolicies ?? []).map((policy, at) => parseRowPolicy(policy, `putPolicies[${at}]`, relations))
  const roles = new Map(before.roles.map((role) => [role.name, role]))
  for (const name of removeRoles) roles.delete(name)
  for (const role of putRoles) roles.set(role.name, role)
  const named = new Set(putPolicies.map(nameOf))
  const gone = [...removePolicies, ...(replacePolicies ? before.policies : [])].filter((policy) => !named.has(nameOf(policy)))
  const policies = new Map(before.policies.map((policy) => [nameOf(policy), policy]))
  for (const policy of gone) policies.delete(nameOf(policy))
  if (relations.writes.length > 0) {
    // What looks into a relation must find in it what it found before.
    for (const policy of policies.values()) if (!named.has(nameOf(policy))) parseRowPolicy(policy, `the policy '${policy.name}'`, relations)
  }
  for (const policy of putPolicies) policies.set(nameOf(policy), policy)
  checkWhole(new RoleSet([...roles.values()]), [...policies.values()])
  const writes = [
    ...removeRoles.filter((name) => !roles.has(name)).map((name) => roleWrite(name, null)),
    ...putRoles.map((role) => roleWrite(role.name, role)),
    ...gone.map((policy) => rowPolicyWrite(policy, null)),
    ...putPolicies.map((policy) => rowPolicyWrite(policy, policy)),
    ...relations.writes,
  ]
  return { writes, tables: relations.tables, kept: relations.kept }
}

interface PlannedRelations extends PlannedChange {
  /** All that there are then. */
  readonly relations: readonly Relation[]
}

function planRelations(before: PolicyList, { putRelations = [], removeRelations = [] }: PolicyChange): PlannedRelations {
  const put = putRelations.map((relation, at) => parseRelation(relation, `putRelations[${at}]`))
  const former = new Map(before.relations.map((relation) => [relation.name, relation]))
  const relations = new Map(former)
  for (const name of removeRelations) relations.delete(name)
  for (const relation of put) relations.set(relation.name, relation)
  checkRelations([...relations.values()])
  const writes: DocumentWrite[] = []
  const tables: RelationTableChange[] = []
  for (const name of new Set([...removeRelations, ...put.map((relation) => relation.name)])) {
    const [old, now] = [former.get(name) ?? null, relations.get(name) ?? null]
    const anew = removeRelations.includes(name) && old !== null
    if (!anew && sameRelation(old, now)) continue
    writes.push(relationWrite(name, now))
    tables.push(...tableChanges(old, now, anew))
  }
  const kept = put
    .map((relation, at) => ({ relation, place: `putRelations[${at}]` }))
    .filter(({ relation }) => relation.kept === 'postgres')
  return { relations: [...relations.values()], writes, tables, kept }
}

function sameRelation(a: Relation | null, b: Relation | null): boolean {
  return a === null || b === null ? a === b : JSON.stringify(relationBody(a)) === JSON.stringify(relationBody(b))
}

function tableChanges(old: Relation | null, now: Relation | null, anew: boolean): readonly RelationTableChange[] {
  const before = old?.kept === 'engine' ? old : null
  const after = now?.kept === 'engine' ? now : null
  const changes = anew ? [{ before, after: null }, { before: null, after }] : [{ before, after }] // prettier-ignore
  return changes.filter((change) => change.before !== null || change.after !== null)
}

function checkRelations(relations: readonly Relation[]): void {
  const { relationsMax } = RELATION_LIMITS
  if (relations.length > relationsMax) throw new StorageError('LimitExceeded', { limit: 'RELATION_LIMITS.relationsMax', max: relationsMax })
  const tables = new Map<string, string>()
  for (const { name, kept } of relations) {
    const other = kept === 'engine' ? tables.get(tableName(name)) : undefined
    if (other !== undefined) {
      throw new StorageError('InvalidArgument', {
        argument: `the relation '${name}'`,
        reason: `is called as '${other}' but for the case of letters`,
      })
    }
    if (kept === 'engine') tables.set(tableName(name), name)
  }
}

function checkWhole(roles: RoleSet, policies: readonly RowPolicy[]): void {
  if (policies.length > ROW_POLICIES_MAX) throw new StorageError('LimitExceeded', { limit: 'ROW_POLICIES_MAX', max: ROW_POLICIES_MAX })
  for (const policy of policies) {
    const unknown = policy.roles.find((role) => role !== PUBLIC_ROLE && roles.find(role) === null)
    if (unknown !== undefined) {
      throw new StorageError('InvalidArgument', {
        argument: `the policy '${policy.name}'`,
        reason: `is for '${unknown}', which is no role`,
      })
    }
  }
}

function nameOf({ table, name }: Pick<RowPolicy, 'table' | 'name'>): string {
  return `${table}/${name}`
}
