import { AssertionError } from 'node:assert'
import sql, { join, raw, type Sql } from 'sql-template-tag'
import { canFail } from '../../policy/predicate-can-fail.ts'
import { commonType, type ExpressionType, predicateType } from '../../policy/predicate-type.ts'
import type { CompareOperator, Predicate, RelationKeeper, TruthTest } from '../../policy/predicate.ts'
import { assert } from '../../util/assert.ts'
import type { PredicateColumns } from './predicate-columns.ts'

/** A node of one kind. */
export type Node<K extends Predicate['k']> = Extract<Predicate, { readonly k: K }>

/** Tokens of a key that can be asked for; keys are shorter. Beyond is NULL, and never an overflow. */
const TOKEN_MAX = 65_535

/** Turns conditions into SQL: what both databases say alike is here, and how each says the rest in the classes made of it. */
export abstract class PredicateCompiler {
  protected readonly columns: PredicateColumns
  /** The aliases of relations around the node that is being compiled, as the statement names them. */
  readonly #aliases: string[] = []
  readonly #names: string[] = []

  constructor(columns: PredicateColumns) {
    this.columns = columns
  }

  /** A condition. */
  condition(node: Predicate): Sql {
    return this.typed(node, 'bool')
  }

  /** An expression that must be of one of the types. */
  protected typed(node: Predicate, ...types: readonly ExpressionType[]): Sql {
    const type = predicateType(node)
    assert(types.includes(type), `predicate: a ${type} stands where a ${types.join(' or ')} belongs`)
    return this.expression(node)
  }

  /** Any expression. */
  protected abstract expression(node: Predicate): Sql
  protected abstract null(type: ExpressionType): Sql
  protected abstract truth(value: boolean): Sql
  /** A number as the wider type has it. */
  protected abstract widened(compiled: Sql, from: ExpressionType, to: ExpressionType): Sql
  protected abstract relationTable(name: string, kept: RelationKeeper): Sql
  /** The condition of a look into a relation. */
  protected abstract relationCondition(where: Predicate): Sql

  protected shared(node: Predicate): Sql {
    switch (node.k) {
      case 'col':
        return this.columns.scalar[node.n] ?? this.null(predicateType(node))
      case 'rcol':
        return raw(`${this.aliasOf(node.alias)}.${quoted(node.n)}`)
      case 'cmp':
        return this.comparison(node)
      case 'distinct': {
        const [a, b] = this.alike([node.a, node.b])
        return sql`(${a} ${raw(node.neg ? 'IS NOT DISTINCT FROM' : 'IS DISTINCT FROM')} ${b})`
      }
      case 'in':
        return this.membership(node)
      case 'isnull':
        return sql`(${this.expression(node.a)} ${raw(node.neg ? 'IS NOT NULL' : 'IS NULL')})`
      case 'istest':
        assert(Object.hasOwn(TRUTH_TESTS, node.op), `predicate: '${node.op}' is no test`)
        return sql`(${this.condition(node.a)} ${raw(TRUTH_TESTS[node.op])})`
      case 'and':
      case 'or':
        return this.junction(node)
      case 'not':
        return sql`(NOT ${this.condition(node.a)})`
      case 'concat':
        return sql`(${this.typed(node.a, 'text')} || ${this.typed(node.b, 'text')})`
      case 'exists':
        return this.within(node.alias, () => sql`EXISTS (SELECT 1${this.#from(node)})`)
      case 'insub':
        return this.relationMembership(node)
      default:
        throw new AssertionError({ message: 'predicate: a context that was not folded, or a node of an unknown kind' })
    }
  }

  /** Expressions in the one type in which they are compared. */
  protected alike(nodes: readonly Predicate[]): readonly Sql[] {
    const type = commonComparable(nodes)
    return nodes.map((node) => this.#as(node, type))
  }

  #as(node: Predicate, type: ExpressionType): Sql {
    return this.widened(this.expression(node), predicateType(node), type)
  }

  protected comparison({ op, a, b }: Node<'cmp'>): Sql {
    assert(OPERATORS.has(op), `predicate: '${op}' is no operator`)
    const [left, right] = this.alike([a, b])
    return sql`(${left}${this.collation(op, predicateType(a))} ${raw(op)} ${right})`
  }

  /** What makes a text order by its bytes. */
  protected abstract collation(operator: CompareOperator, type: ExpressionType): Sql

  protected membership(node: Node<'in'>): Sql {
    const { a, l, neg } = node
    const [only] = l
    if (only === undefined) return this.truth(neg)
    // Not only shorter: SQLite reads `x IN ((SELECT …))` as a set of rows, and a set without rows as false.
    if (l.length === 1) return this.comparison({ k: 'cmp', op: neg ? '<>' : '=', a, b: only })
    const [value, ...list] = this.alike([a, ...l])
    return sql`(${value} ${raw(neg ? 'NOT IN' : 'IN')} (${join(list)}))`
  }

  protected junction({ k, a }: Node<'and' | 'or'>): Sql {
    if (a.length === 0) return this.truth(k === 'and')
    return balanced(
      a.map((part) => this.condition(part)),
      k === 'and' ? ' AND ' : ' OR ',
    )
  }

  protected relationMembership(node: Node<'insub'>): Sql {
    const type = commonComparable([node.a, node.sel])
    const value = this.#as(node.a, type)
    const list = this.within(node.alias, () => sql`SELECT ${this.#as(node.sel, type)}${this.#from(node)}`)
    return sql`(${value} ${raw(node.neg ? 'NOT IN' : 'IN')} (${list}))`
  }

  /** Whether a look into a relation finds a row. */
  protected finds(node: Node<'exists' | 'insub'>): Sql {
    return this.within(node.alias, () => sql`EXISTS (SELECT 1${this.#from(node)})`)
  }

  #from({ rel, kept = 'engine', alias, where }: Node<'exists' | 'insub'>): Sql {
    const condition = this.relationCondition(where)
    return sql` FROM ${this.relationTable(rel, kept)} AS ${raw(this.aliasOf(alias))} WHERE ${condition}`
  }

  /** Compiles where one more relation is in sight, under a name that no table of ours has. */
  protected within(alias: string, compile: () => Sql): Sql {
    this.#aliases.push(alias)
    this.#names.push(`r${this.#aliases.length}`)
    const compiled = compile()
    this.#aliases.pop()
    this.#names.pop()
    return compiled
  }

  protected aliasOf(alias: string): string {
    const name = this.#names[this.#aliases.lastIndexOf(alias)]
    assert(name !== undefined, `predicate: no relation is called '${alias}' here`)
    return name
  }

  /** An element of the key or of its folders, counted from 1; null where another list is meant. */
  protected elementPlace({ a, i }: Node<'idx'>): { readonly folder: boolean; readonly place: number | null } | null {
    const folder = a.k === 'call' && a.f === 'foldername' && isKey(a.a[0])
    if (!folder && !(a.k === 'col' && a.n === 'path_tokens')) return null
    return { folder, place: i < 1 || i > TOKEN_MAX ? null : i }
  }
}

function commonComparable(nodes: readonly Predicate[]): ExpressionType {
  const types = nodes.map(predicateType)
  const type = commonType(types)
  assert(type !== null && type !== 'jsonb' && type !== 'text[]', `predicate: compares ${types.join(' with ')}`)
  return type
}

/** Whether a node is the key itself, which is stored apart too. */
export function isKey(node: Predicate | undefined): boolean {
  return node !== undefined && node.k === 'col' && node.n === 'name'
}

/** Whether the order of the arms of a junction matters. */
export function isOrdered(node: Predicate): boolean {
  return (node.k === 'and' || node.k === 'or') && canFail(node)
}

const NAME = /^[\p{L}_][\p{L}\p{N}_$]*$/u

/** A name as SQL text. An `AssertionError` for what `parsePredicate` would not let through. */
export function quoted(name: string): string {
  assert(NAME.test(name), 'predicate: a name that no table or column can have')
  return `"${name}"`
}

const OPERATORS: ReadonlySet<CompareOperator> = new Set<CompareOperator>(['=', '<>', '<', '<=', '>', '>='])
/** SQLite has no `IS UNKNOWN`; of a condition, `IS NULL` is the same. */
const TRUTH_TESTS: Readonly<Record<TruthTest, string>> = {
  IS_TRUE: 'IS TRUE',
  IS_NOT_TRUE: 'IS NOT TRUE',
  IS_FALSE: 'IS FALSE',
  IS_NOT_FALSE: 'IS NOT FALSE',
  IS_UNKNOWN: 'IS NULL',
  IS_NOT_UNKNOWN: 'IS NOT NULL',
}

/** A row of operators as a tree: SQLite takes `a AND b AND …` as a nest, and stops at a depth of 1,000. */
function balanced(parts: readonly Sql[], operator: string): Sql {
  if (parts.length <= 2) return join(parts, operator, '(', ')')
  const middle = Math.ceil(parts.length / 2)
  return join([balanced(parts.slice(0, middle), operator), balanced(parts.slice(middle), operator)], operator, '(', ')')
}
