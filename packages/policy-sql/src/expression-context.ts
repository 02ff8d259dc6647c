import type { Node } from 'libpg-query'
import type { PolicyWarningKind } from './policy-warning.ts'
import type { RelationRegistry } from './relation-registry.ts'
import type { Scope } from './scope.ts'
import type { Typed } from './typed.ts'

/** What the readers of the kinds of expressions share. */
export interface ExpressionContext {
  readonly relations: RelationRegistry
  /** Reads an expression of any kind, in a scope. */
  readonly read: (node: Node | undefined, scope: Scope, at: number) => Typed
  readonly warn: (kind: PolicyWarningKind, at: number, message: string) => void
}
