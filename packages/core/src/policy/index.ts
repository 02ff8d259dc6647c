/* The subpath @stowage/core/policy: what whoever writes a policy, or proves one, needs, without the engine. */
export type { Caller, GrantPrincipal, JsonObject, Principal, Scope, SystemPrincipal } from './caller.ts'
export { evaluatePredicate } from './evaluate-predicate.ts'
export type { PolicyRow } from './evaluate-predicate.ts'
export type { Action, OperationName } from './operation.ts'
export type { Access, BucketFacts, Policy, RequestFacts, Requirement } from './policy.ts'
export { ALWAYS, NEVER } from './predicate.ts'
export type { CompareOperator, ContextField, LiteralType, Predicate, PredicateFunction, RowColumn, TruthTest } from './predicate.ts'
export { refused, unconditional } from './requirement.ts'
