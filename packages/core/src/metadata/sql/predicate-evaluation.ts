import { raw, type Sql } from 'sql-template-tag'
import { evaluateExpression } from '../../policy/evaluate-predicate.ts'
import type { RowsByAlias } from '../../policy/evaluate-row.ts'
import { broken, isList, Json, type Value } from '../../policy/evaluate-values.ts'
import type { PolicyRow } from '../../policy/predicate-row.ts'
import { predicateParts, predicateType, withParts } from '../../policy/predicate-type.ts'
import type { Predicate, RowColumn } from '../../policy/predicate.ts'
import { assert } from '../../util/assert.ts'
import { textOrNull } from './column.ts'
import { parseJson } from './json-column.ts'
import type { PredicateColumns } from './predicate-columns.ts'
import type { SqlValue } from './sql-driver.ts'

/** The name of the function in SQLite that evaluates an expression by `evaluateExpression`. */
export const EVALUATE = 'stowage_evaluate'

/** What the function is given before the values: the expression, and what each value is. */
interface Descriptor {
  readonly node: Predicate
  /** Columns of the row, in order; of `metadata` each member by itself. */
  readonly columns: readonly InputColumn[]
  /** Behind them columns of relations, and what looks into relations found. */
  readonly relations: readonly { readonly alias: string; readonly name: string }[]
  /** Whether the row has `metadata` at all. */
  readonly hasMetadata: boolean
}

interface InputColumn {
  readonly column: RowColumn
  /** Of `metadata`. */
  readonly member?: string
}

/** The arguments of a call of the function. */
interface EvaluationInputs {
  readonly descriptor: string
  readonly columns: readonly Sql[]
  /** Parts that only the database can say. */
  readonly others: readonly DatabaseNode[]
}

type DatabaseNode = Extract<Predicate, { readonly k: 'rcol' | 'exists' | 'insub' }>

/** No name of a relation in a predicate: what looks into relations found stands under it. */
const ANSWERS = '?'

/** How a call of the function evaluates a node over stored rows. */
export function evaluationInputs(node: Predicate, stored: PredicateColumns): EvaluationInputs {
  const others: DatabaseNode[] = []
  const asked = withAnswers(node, others)
  const inputs: { readonly column: InputColumn; readonly value: Sql }[] = []
  for (const column of new Set(columnsIn(asked))) {
    if (column === 'metadata') {
      const members = Object.entries(stored.metadata ?? {})
      for (const [member, { value }] of members) inputs.push({ column: { column, member }, value })
    } else inputs.push({ column: { column }, value: storedColumn(column, stored) })
  }
  const descriptor: Descriptor = {
    node: asked,
    columns: inputs.map(({ column }) => column),
    relations: others.map((other, at) =>
      other.k === 'rcol' ? { alias: other.alias, name: other.n } : { alias: ANSWERS, name: String(at) },
    ),
    hasMetadata: stored.metadata !== null,
  }
  return { descriptor: JSON.stringify(descriptor), columns: inputs.map(({ value }) => value), others }
}

/** The node with what the database says in the place of what looks into relations. A column is asked for once. */
function withAnswers(node: Predicate, others: DatabaseNode[]): Predicate {
  if (node.k === 'rcol') {
    const known = others.some((other) => other.k === 'rcol' && other.alias === node.alias && other.n === node.n)
    if (!known) others.push(node)
    return node
  }
  if (node.k !== 'exists' && node.k !== 'insub') return withParts(node, (part) => withAnswers(part, others))
  others.push(node)
  return { k: 'rcol', alias: ANSWERS, n: String(others.length - 1), t: 'bool' }
}

function columnsIn(node: Predicate): readonly RowColumn[] {
  return node.k === 'col' ? [node.n] : predicateParts(node).flatMap(columnsIn)
}

function storedColumn(column: RowColumn, stored: PredicateColumns): Sql {
  if (column === 'path_tokens') return stored.pathTokens
  return (column === 'user_metadata' ? stored.userMetadata : stored.scalar[column]) ?? raw('NULL')
}

/** So many descriptors are kept in the form that they are evaluated in. */
const DESCRIPTORS_MAX = 500

/** Evaluates what calls of the function ask for. One for each connection. */
export class PredicateEvaluation {
  readonly #descriptors = new Map<string, Descriptor>()

  /** The function. Throws `PolicyFailed`, which SQLite passes on as it is. */
  evaluate(descriptor: SqlValue, values: readonly SqlValue[]): SqlValue | bigint {
    const { node, columns, relations, hasMetadata } = this.#parsed(descriptor)
    const row = rowOf(columns, hasMetadata, values)
    const aliases: Record<string, Record<string, SqlValue>> = {}
    for (const [at, { alias, name }] of relations.entries()) (aliases[alias] ??= {})[name] = values[columns.length + at] ?? null
    return stored(evaluateExpression(node, { row, aliases: aliases satisfies RowsByAlias }), node)
  }

  #parsed(text: SqlValue): Descriptor {
    assert(typeof text === 'string', 'predicate: what is to be evaluated is not told')
    const known = this.#descriptors.get(text)
    if (known !== undefined) return known
    if (this.#descriptors.size >= DESCRIPTORS_MAX) this.#descriptors.clear()
    const parsed = parseDescriptor(text)
    this.#descriptors.set(text, parsed)
    return parsed
  }
}

/** Reads what `evaluationInputs` wrote. */
function parseDescriptor(text: string): Descriptor {
  return parseJson(text) as Descriptor
}

function rowOf(columns: readonly InputColumn[], hasMetadata: boolean, values: readonly SqlValue[]): PolicyRow {
  const row: Record<string, unknown> = {}
  const metadata: Record<string, SqlValue> = {}
  if (hasMetadata) row['metadata'] = metadata
  for (const [at, { column, member }] of columns.entries()) {
    const value = values[at] ?? null
    if (member === undefined) row[column] = isJsonColumn(column) ? jsonOrNull(value) : value
    else if (value !== null) metadata[member] = value
  }
  return row
}

function isJsonColumn(column: RowColumn): boolean {
  return column === 'user_metadata' || column === 'path_tokens'
}

function jsonOrNull(value: SqlValue): unknown {
  const text = textOrNull(value)
  return text === null ? null : parseJson(text)
}

/** A value as SQLite keeps it. */
function stored(value: Value, node: Predicate): SqlValue | bigint {
  if (value === null || typeof value === 'string' || typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (value instanceof Json || isList(value)) throw broken(`a ${predicateType(node)} cannot be taken out of an evaluation`)
  return predicateType(node) === 'num' ? value : BigInt(value)
}
