import { combineRowPolicies, type CombinedPolicies, type RowCommand } from '../../../packages/core/src/policy/combine-row-policies.ts'
import { bindContext } from './bind-context.ts'
import { foldPredicate } from '../../../packages/core/src/policy/fold-predicate.ts'
import type { Predicate } from '../../../packages/core/src/policy/predicate.ts'
import { type PoliciesOf, type RowConditions, rowConditions } from '../../../packages/core/src/policy/row-requirement.ts'
import type { PolicyTable, RowPolicy } from '../../../packages/core/src/policy/row-policy.ts'
import type { Truth } from './judge.ts'
import type { Outcome } from './outcome.ts'
import type { Case, Principal, WorldRow } from './world.ts'

/** What must be true of a row, and how the statement ends where it is not. */
export interface Step {
  readonly predicate: Predicate
  readonly row: WorldRow
  readonly otherwise: 'absent' | 'denied'
}

/** All that must be true for a statement to go through, and what it then ends with. */
export interface Plan {
  /** As the engine asks: folded, joined, in order. */
  readonly steps: readonly Step[]
  /** As Postgres documents it: the policies of each command that the statement is held against, not folded. */
  readonly statement: readonly Step[]
  readonly end: 'allowed' | 'taken'
}

/** What is asked of the rows of each case, with the constants of the request put in. */
export class Decider {
  readonly #folded: PoliciesOf
  readonly #bound: PoliciesOf
  readonly #bypassRls: boolean
  readonly #table: PolicyTable
  readonly #conditions = new Map<string, RowConditions>()

  constructor(policies: readonly RowPolicy[], principal: Principal, table: PolicyTable) {
    this.#table = table
    this.#bypassRls = principal.bypassRls
    this.#folded = policiesOf(policies, principal, (predicate) => foldPredicate(predicate, principal.context))
    this.#bound = policiesOf(policies, principal, (predicate) => bindContext(predicate, principal.context))
  }

  plan(asked: Case): Plan {
    const end = ends(asked)
    if (asked.shape === 'list' || this.#bypassRls) return { steps: [], statement: [], end }
    return {
      steps: this.#table === 'objects' ? this.#ofObject(asked) : this.#ofBucket(asked),
      statement: this.#statement(asked, this.#bound),
      end,
    }
  }

  /** What a row must meet to be listed, as in a plan; null: every row is. */
  listed(row: WorldRow): { readonly asked: Step; readonly statement: Step } | null {
    if (this.#bypassRls) return null
    const asked = this.#asked(this.#table === 'objects' ? 'object.list' : 'bucket.list', null, {
      field: 'existing',
      row,
      otherwise: 'absent',
    })
    return { asked, statement: { predicate: this.#bound(this.#table, 'select').using, row, otherwise: 'absent' } }
  }

  #ofObject(asked: Case): readonly Step[] {
    const { shape, old, proposed, taken } = asked
    const read = (): Step => this.#asked('object.read', null, { field: 'existing', row: old, otherwise: 'absent' })
    switch (shape) {
      case 'select':
        return [read()]
      case 'delete':
        return [this.#asked('object.delete', null, { field: 'existing', row: old, otherwise: 'absent' })]
      case 'insert':
        return this.#create('object.write', proposed, taken)
      case 'upsert':
        return this.#put(proposed, taken)
      case 'copy':
        return [read(), ...this.#create('object.write', proposed, taken)]
      case 'copy-upsert':
        return [read(), ...this.#put(proposed, taken)]
      default:
        // Statements that the engine does not make, yet.
        return this.#statement(asked, this.#folded)
    }
  }

  #ofBucket({ shape, old, proposed, taken }: Case): readonly Step[] {
    if (shape === 'insert') return this.#create('bucket.create', proposed, taken)
    const action = ({ select: 'bucket.read', update: 'bucket.update', delete: 'bucket.delete' } as const)[
      shape as 'select' | 'update' | 'delete'
    ]
    return [this.#asked(action, null, { field: 'existing', row: old, otherwise: 'absent' })]
  }

  #create(action: 'object.write' | 'bucket.create', row: WorldRow | null, taken: WorldRow | null): readonly Step[] {
    const ask = (field: keyof RowConditions): Step => this.#asked(action, 'never', { field, row, otherwise: 'denied' })
    return [ask('proposed'), ...(taken === null ? [ask('finalCreated')] : [])]
  }

  #put(row: WorldRow | null, taken: WorldRow | null): readonly Step[] {
    const ask = (field: keyof RowConditions, of: WorldRow | null): Step =>
      this.#asked('object.write', 'allowed', { field, row: of, otherwise: 'denied' })
    if (taken === null) return [ask('proposed', row), ask('finalCreated', row)]
    return [ask('proposed', row), ask('existing', taken), ask('finalReplaced', row)]
  }

  /** What the engine asks of an operation. */
  #asked(action: Action, overwrite: 'never' | 'allowed' | null, { field, row, otherwise }: Asked): Step {
    const key = `${action} ${overwrite ?? ''}`
    const found = this.#conditions.get(key) ?? rowConditions({ action, overwrite }, this.#folded)
    this.#conditions.set(key, found)
    return { predicate: found[field], row: present(row), otherwise }
  }

  /** The policies that Postgres holds each row of a statement against. Postgres: sql-createpolicy, "Policies Applied by Command Type". */
  #statement({ shape, old, proposed, taken }: Case, of: PoliciesOf): readonly Step[] {
    const policy = (command: RowCommand, side: 'using' | 'check', row: WorldRow | null, otherwise: Step['otherwise']): Step => ({
      predicate: of(this.#table, command)[side],
      row: present(row),
      otherwise,
    })
    const seen = policy('select', 'using', old ?? proposed, old === null ? 'denied' : 'absent')
    const inserted = (): Step => policy('insert', 'check', proposed, 'denied')
    const visible = (): Step => policy('select', 'using', proposed, 'denied')
    const replaced = (): readonly Step[] =>
      taken === null
        ? []
        : [
            policy('select', 'using', taken, 'denied'),
            policy('update', 'using', taken, 'denied'),
            policy('update', 'check', proposed, 'denied'),
          ]
    switch (shape) {
      case 'select':
      case 'list':
        return [seen]
      case 'delete':
        return [seen, policy('delete', 'using', old, 'absent')]
      case 'update':
        // Of a bucket nothing is changed that a policy reads, and refusals of the new row look like those of the old.
        return [
          seen,
          policy('update', 'using', old, 'absent'),
          policy('update', 'check', proposed ?? old, proposed === null ? 'absent' : 'denied'),
          policy('select', 'using', proposed ?? old, proposed === null ? 'absent' : 'denied'),
        ]
      case 'insert':
      case 'do-nothing':
        return [inserted()]
      case 'copy':
        return [seen, inserted()]
      case 'upsert':
        return [inserted(), visible(), ...replaced()]
      case 'copy-upsert':
        return [seen, inserted(), visible(), ...replaced()]
      default:
        return [inserted(), visible()]
    }
  }
}

type Action = Parameters<typeof rowConditions>[0]['action']

interface Asked {
  readonly field: keyof RowConditions
  readonly row: WorldRow | null
  readonly otherwise: Step['otherwise']
}

/** Joined once a command: whoever asks gets the same predicates, not equal ones. */
function policiesOf(policies: readonly RowPolicy[], { roles }: Principal, change: (predicate: Predicate) => Predicate): PoliciesOf {
  const made = new Map<string, CombinedPolicies>()
  return (table, command) => {
    const key = `${table} ${command}`
    const found = made.get(key)
    if (found !== undefined) return found
    const { using, check } = combineRowPolicies(policies, { table, command, roles })
    const combined = { using: change(using), check: change(check) }
    made.set(key, combined)
    return combined
  }
}

/** The outcome where each step is evaluated in its turn. */
export function outcomeOf({ steps, end }: Plan, evaluate: (step: Step) => Truth): Outcome {
  for (const each of steps) {
    const value = evaluate(each)
    if (value === 'failed') return 'failed'
    if (value !== true) return each.otherwise
  }
  return end
}

/** Every outcome that there may be where Postgres chooses in which order it evaluates what may fail. */
export function possibleOutcomes({ statement, end }: Plan, possible: (step: Step) => ReadonlySet<Truth>): ReadonlySet<Outcome> {
  const outcomes = new Set<Outcome>()
  const values = statement.map(possible)
  for (const [at, each] of statement.entries()) {
    if (values[at]?.has('failed') === true) outcomes.add('failed')
    if (values[at]?.has(false) === true || values[at]?.has(null) === true) outcomes.add(each.otherwise)
  }
  if (values.every((value) => value.has(true))) outcomes.add(end)
  return outcomes
}

function present(row: WorldRow | null): WorldRow {
  if (row === null) throw new Error('a case without its row')
  return row
}

function ends({ shape, taken }: Case): Plan['end'] {
  const keeps = shape === 'insert' || shape === 'insert-returning' || shape === 'copy' || shape === 'update'
  return taken !== null && keeps ? 'taken' : 'allowed'
}
