import { readFileSync } from 'node:fs'
import { predicateParts, predicateType } from '../../../packages/core/src/policy/predicate-type.ts'
import type { Predicate } from '../../../packages/core/src/policy/predicate.ts'
import type { RowCommand } from '../../../packages/core/src/policy/combine-row-policies.ts'
import type { RowPolicy } from '../../../packages/core/src/policy/row-policy.ts'
import type { OracleName, Truth } from './judge.ts'

const COMMANDS: readonly RowCommand[] = ['select', 'insert', 'update', 'delete']
const STORES: readonly OracleName[] = ['js', 'sqlite', 'postgres', 'written']
const LETTERS = new Map<Truth, string>([
  [true, 'T'],
  [false, 'F'],
  [null, 'N'],
  ['failed', 'E'],
])

/** By kind of node, which outcomes a run must meet, under every command, in every store: T, F, N for unknown, E for an error. */
export type CoverageTable = Readonly<Record<string, string>>

/** The table that is checked in. */
export function readCoverageTable(): CoverageTable {
  return JSON.parse(readFileSync(new URL('../coverage.json', import.meta.url), 'utf8')) as CoverageTable
}

/** Which outcomes conditions of which kinds had, where. */
export class Coverage {
  readonly #met = new Set<string>()

  record(kinds: readonly string[], commands: readonly RowCommand[], store: OracleName, outcome: Truth): void {
    for (const kind of kinds) for (const command of commands) this.#met.add(`${kind} ${command} ${store} ${LETTERS.get(outcome) ?? ''}`)
  }

  /** One of those cells, for a round that is made for it; null where there are none. */
  wanted(
    table: CoverageTable,
    pick: (cells: readonly string[]) => string,
  ): { readonly kind: string; readonly command: RowCommand; readonly outcome: string } | null {
    const missing = this.missing(table)
    if (missing.length === 0) return null
    const [kind = '', command, , outcome = ''] = pick(missing).split(' ')
    return { kind, command: COMMANDS.find((known) => known === command) ?? 'select', outcome }
  }

  /** The cells of the table that no condition filled. */
  missing(table: CoverageTable): readonly string[] {
    return Object.entries(table).flatMap(([kind, letters]) =>
      COMMANDS.flatMap((command) =>
        STORES.flatMap((store) =>
          Array.from(letters)
            .map((letter) => `${kind} ${command} ${store} ${letter}`)
            .filter((cell) => !this.#met.has(cell)),
        ),
      ),
    )
  }

  /** What was met under every command in every store, in the form of the table. */
  table(): CoverageTable {
    const kinds = [...new Set([...this.#met].map((cell) => cell.split(' ')[0] ?? ''))].sort()
    return Object.fromEntries(
      kinds.map((kind) => [kind, ['T', 'F', 'N', 'E'].filter((letter) => this.missing({ [kind]: letter }).length === 0).join('')]),
    )
  }
}

/** The commands that a policy is asked about. */
export function commandsOf({ command }: RowPolicy): readonly RowCommand[] {
  return command === 'all' ? COMMANDS : [command]
}

/** The conditions in a condition that can be asked about alone, itself among them: those that are not inside a query. */
export function conditionsIn(node: Predicate): readonly Predicate[] {
  const inner = node.k === 'exists' ? [] : node.k === 'insub' ? [node.a] : predicateParts(node)
  return [...(predicateType(node) === 'bool' && node.k !== 'lit' && node.k !== 'col' ? [node] : []), ...inner.flatMap(conditionsIn)]
}

/** The kinds of node whose value decides the condition at once: its own, and those of the values that it looks at. */
export function kindsOf(node: Predicate): readonly string[] {
  const kind = node.k === 'call' ? `call:${node.f}` : node.k
  const parts = node.k === 'and' || node.k === 'or' || node.k === 'not' || node.k === 'istest' ? [] : predicateParts(node)
  return [...new Set([kind, ...parts.flatMap(kindsOf)])]
}
