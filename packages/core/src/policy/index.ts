/* The subpath @stowage/core/policy: what whoever writes a policy, or proves one, needs, without the engine. */
export type { Caller, GrantPrincipal, JsonObject, Principal, Scope, SystemPrincipal } from './caller.ts'
export { type CombinedPolicies, combineRowPolicies, type RowCommand, type RowPolicyQuery } from './combine-row-policies.ts'
export { createPolicySql } from './create-policy-sql.ts'
export { evaluatePredicate, evaluateWithin } from './evaluate-predicate.ts'
export type { EvaluationScope, PolicyRow, RelationRows } from './evaluate-predicate.ts'
export type { RowsByAlias } from './evaluate-row.ts'
export { foldPredicate } from './fold-predicate.ts'
export type { PredicateContext } from './fold-predicate.ts'
export type { Action, OperationName } from './operation.ts'
export type { Access, BucketFacts, Facts, ListingFacts, Policy, RequestFacts, Requirement } from './policy.ts'
export {
  allowAnyOperation,
  allowOnlyOperation,
  and,
  cast,
  coalesce,
  col,
  concat,
  ctx,
  distinctFrom,
  element,
  eq,
  extension,
  filename,
  foldername,
  gt,
  gte,
  hasMember,
  ilike,
  isAny,
  isElement,
  isIn,
  isNotIn,
  isNotNull,
  isNull,
  jsonAt,
  jwt,
  jwtJson,
  like,
  lit,
  lower,
  lt,
  lte,
  metadata,
  ne,
  not,
  operation,
  or,
  role,
  startsWith,
  textAt,
  truth,
  uid,
  upper,
  userMetadata,
} from './predicate-builders.ts'
export type { Operand } from './predicate-operand.ts'
export { exists, insub, type RelationColumns, type Selection } from './predicate-relation-builders.ts'
export { parsePredicate, PREDICATE_DEPTH_MAX, PREDICATE_NODES_MAX } from './predicate-parse.ts'
export type { ParsePredicateOptions } from './predicate-parse.ts'
export { predicateType } from './predicate-type.ts'
export type { ExpressionType } from './predicate-type.ts'
export { ALWAYS, NEVER } from './predicate.ts'
export type {
  CastType,
  CompareOperator,
  ContextField,
  JsonValue,
  LiteralType,
  LiteralValue,
  Predicate,
  PredicateFunction,
  RelationColumnType,
  RelationKeeper,
  RowColumn,
  TruthTest,
} from './predicate.ts'
export { parseRelation, RELATION_LIMITS } from './parse-relation.ts'
export type { Relation, RelationColumn, RelationRow, RelationValue } from './relation.ts'
export { parseRowPolicy } from './parse-row-policy.ts'
export { type PoliciesOf, type RowConditions, rowConditions } from './row-requirement.ts'
export { type Role, BUILT_IN_ROLES } from './role.ts'
export { RoleSet } from './role-set.ts'
export { type PolicyCommand, type PolicyTable, PUBLIC_ROLE, type RowPolicy } from './row-policy.ts'
export { refused, unconditional } from './requirement.ts'
