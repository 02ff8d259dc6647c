import { evaluateExpression } from '../../../packages/core/src/policy/evaluate-predicate.ts'
import { isStorageError } from '../../../packages/core/src/errors/storage-error.ts'
import { predicateParts } from '../../../packages/core/src/policy/predicate-type.ts'
import type { Predicate } from '../../../packages/core/src/policy/predicate.ts'
import type { PolicyCommand, PolicyTable, RowPolicy } from '../../../packages/core/src/policy/row-policy.ts'
import type { RowCommand } from '../../../packages/core/src/policy/combine-row-policies.ts'
import { canFail } from '../../../packages/core/src/policy/predicate-can-fail.ts'
import { conditionsIn, kindsOf } from './coverage.ts'
import { PredicateGenerator } from './generate-predicate.ts'
import { ROLE_NAMES } from './principals.ts'
import type { Random } from './random.ts'
import type { PolicyRound } from './world.ts'

const COMMANDS: readonly PolicyCommand[] = [
  'all',
  'all',
  'select',
  'select',
  'select',
  'insert',
  'insert',
  'update',
  'update',
  'delete',
  'delete',
]
/** Over buckets fewer statements are made. */
const BUCKET_COMMANDS: readonly PolicyCommand[] = ['all', 'select', 'select', 'insert', 'update', 'update', 'update', 'delete']
const ROW_COMMANDS: readonly RowCommand[] = ['select', 'select', 'insert', 'update', 'delete']
const DEPTH_MAX = 3
/** After about so many tries another condition will do. */
const TRIES_MAX = 300

/** A set of policies: permissive and restrictive, for every command, with a CHECK that is wider than the USING, narrower, or neither. */
export function generatePolicies(random: Random, table: PolicyTable, wanted: WantedCell | null): PolicyRound {
  const mayFail = wanted === null ? random.oneIn(3) : wanted.outcome === 'E'
  const generator = new PredicateGenerator(random, { table, mayFail })
  const condition = (): Predicate => {
    for (;;) {
      const made = random.oneIn(6) ? ({ k: 'lit', t: 'bool', v: true } as const) : generator.condition(1 + random.below(DEPTH_MAX))
      if (!hasFailingConstant(made) && (wanted === null || random.oneIn(TRIES_MAX) || isWanted(made, wanted))) return made
    }
  }
  // Where everything else is allowed, each answer hangs on the policies of one command.
  const focus = wanted === null && random.oneIn(3) ? random.pick(ROW_COMMANDS) : null
  const policies = Array.from({ length: 4 + random.below(5) }, (_, at): RowPolicy => {
    const command = wanted?.command ?? focus ?? random.pick(table === 'objects' ? COMMANDS : BUCKET_COMMANDS)
    const using = condition()
    const roles = random.oneIn(2) ? ['public'] : [...new Set(random.some(1, 2, () => random.pick(ROLE_NAMES)))]
    return {
      name: `p${at}`,
      table,
      mode: random.oneIn(4) ? 'restrictive' : 'permissive',
      command,
      roles,
      ...(command === 'insert' ? {} : { using }),
      ...(command === 'insert' || ((command === 'update' || command === 'all') && !random.oneIn(3))
        ? { check: related(random, using, condition) }
        : {}),
    }
  })
  // A CHECK alone, without a USING: what PostgreSQL makes of it surprises most.
  const only = policies.map((policy) =>
    policy.check !== undefined && policy.command !== 'insert' && random.oneIn(5) ? withoutUsing(policy) : policy,
  )
  return { policies: [...only, ...(focus === null ? [] : openTo(table, focus))], kind: wanted?.kind ?? null }
}

/** A cell of the table of outcomes that a run has not met yet. */
export interface WantedCell {
  readonly kind: string
  readonly command: RowCommand
  readonly outcome: string
}

function isWanted(made: Predicate, { kind, outcome }: WantedCell): boolean {
  return conditionsIn(made).some((condition) => kindsOf(condition).includes(kind) && (outcome !== 'E' || canFail(condition)))
}

/** Policies that allow everybody what is not under this command. */
function openTo(table: PolicyTable, focus: RowCommand): readonly RowPolicy[] {
  const open = { k: 'lit', t: 'bool', v: true } as const
  return [...new Set(ROW_COMMANDS)]
    .filter((command) => command !== focus)
    .map((command) => ({
      name: `open_${command}`,
      table,
      mode: 'permissive',
      command,
      roles: ['public'],
      ...(command === 'insert' ? { check: open } : { using: open }),
    }))
}

function withoutUsing({ name, table, mode, command, roles, check }: RowPolicy): RowPolicy {
  return { name, table, mode, command, roles, ...(check === undefined ? {} : { check }) }
}

/** A CHECK as strict as the USING or stricter, as wide or wider, or another one. */
function related(random: Random, using: Predicate, condition: () => Predicate): Predicate {
  if (random.oneIn(3)) return condition()
  return { k: random.pick(['and', 'or'] as const), a: [using, condition()] }
}

/** A constant that fails does so, or not, before any row is looked at: Postgres does not say when. */
function hasFailingConstant(node: Predicate): boolean {
  if (isConstant(node)) {
    try {
      evaluateExpression(node, { row: {} })
      return false
    } catch (error) {
      if (isStorageError(error)) return true
      throw error
    }
  }
  return predicateParts(node).some(hasFailingConstant)
}

function isConstant(node: Predicate): boolean {
  switch (node.k) {
    case 'col':
    case 'rcol':
    case 'ctx':
    case 'exists':
    case 'insub':
      return false
    case 'call':
      return node.f !== 'allow_only_operation' && node.f !== 'allow_any_operation' && node.a.every(isConstant)
    default:
      return predicateParts(node).every(isConstant)
  }
}
