import { AssertionError } from 'node:assert'
import sql, { join, raw, type Sql } from 'sql-template-tag'
import { type ExpressionType, predicateType } from '../../policy/predicate-type.ts'
import type { CompareOperator, Predicate, TruthTest } from '../../policy/predicate.ts'
import { assert } from '../../util/assert.ts'
import type { PredicateColumns } from './predicate-columns.ts'

type Node<K extends Predicate['k']> = Extract<Predicate, { readonly k: K }>

/** Tokens of a key that can be asked for; keys are shorter. Beyond is NULL, and never an overflow. */
const TOKEN_MAX = 65_535

/**
 * A folded condition as a fragment of SQL: true, false and NULL where `evaluatePredicate` says true, false and null.
 * Everything that came from outside is a parameter. An `AssertionError` where context was not folded, or types do not fit.
 */
export function predicateSql(predicate: Predicate, columns: PredicateColumns): Sql {
  return new PredicateCompiler(columns).condition(predicate)
}

class PredicateCompiler {
  readonly #columns: PredicateColumns
  readonly #postgres: boolean

  constructor(columns: PredicateColumns) {
    this.#columns = columns
    this.#postgres = columns.dialect === 'postgres'
  }

  condition(node: Predicate): Sql {
    return this.#typed(node, 'bool')
  }

  #typed(node: Predicate, ...types: readonly ExpressionType[]): Sql {
    const type = predicateType(node)
    assert(types.includes(type), `predicate: a ${type} stands where a ${types.join(' or ')} belongs`)
    return this.#expression(node)
  }

  #expression(node: Predicate): Sql {
    switch (node.k) {
      case 'lit':
        return this.#literal(node)
      case 'col':
        return this.#columns.scalar[node.n] ?? this.#null(predicateType(node))
      case 'json':
        return this.#member(node)
      case 'idx':
        return this.#element(node)
      case 'cmp':
        return this.#comparison(node)
      case 'distinct':
        this.#sameType(node.a, node.b)
        return sql`(${this.#expression(node.a)} ${raw(node.neg ? 'IS NOT DISTINCT FROM' : 'IS DISTINCT FROM')} ${this.#expression(node.b)})`
      case 'in':
        return this.#membership(node)
      case 'isnull':
        return this.#nullTest(node)
      case 'istest':
        assert(Object.hasOwn(TRUTH_TESTS, node.op), `predicate: '${node.op}' is no test`)
        return sql`(${this.condition(node.a)} ${raw(TRUTH_TESTS[node.op])})`
      case 'and':
      case 'or':
        return this.#junction(node)
      case 'not':
        return sql`(NOT ${this.condition(node.a)})`
      case 'call':
        return this.#call(node)
      default:
        throw new AssertionError({ message: 'predicate: a context that was not folded, or a node of an unknown kind' })
    }
  }

  #literal({ t, v }: Node<'lit'>): Sql {
    if (v === null) return this.#null(t)
    if (t === 'bool') return raw(v === true ? 'TRUE' : 'FALSE')
    return this.#postgres ? sql`${v}${raw(PARAMETER_TYPES[t])}` : sql`${v}`
  }

  #null(type: ExpressionType): Sql {
    return raw(this.#postgres && (type === 'bool' || type === 'text' || type === 'num') ? `NULL${PARAMETER_TYPES[type]}` : 'NULL')
  }

  #text(value: string): Sql {
    return this.#literal({ k: 'lit', t: 'text', v: value })
  }

  #member({ a, p }: Node<'json'>): Sql {
    assert(a.k === 'col' && (a.n === 'metadata' || a.n === 'user_metadata'), 'predicate: a member is read from a column that is not JSON')
    const { metadata, userMetadata } = this.#columns
    if (a.n === 'metadata') return (metadata !== null && Object.hasOwn(metadata, p) ? metadata[p] : undefined) ?? this.#null('text')
    if (userMetadata === null) return this.#null('text')
    if (this.#postgres) return sql`(${userMetadata} ->> ${this.#text(p)})`
    // A JSON path cannot name every member (a quote, a dollar sign in front); json_each compares names as they are.
    return /^[\w-]+$/.test(p)
      ? sql`(${userMetadata} ->> ${`$."${p}"`})`
      : sql`(SELECT member.value FROM json_each(${userMetadata}) AS member WHERE member.key = ${p})`
  }

  #element({ a, i }: Node<'idx'>): Sql {
    const folder = a.k === 'call' && a.f === 'foldername'
    assert(folder || (a.k === 'col' && a.n === 'path_tokens'), 'predicate: an element is taken of something that is not a list')
    if (i < 1 || i > TOKEN_MAX) return this.#null('text')
    const { pathTokens } = this.#columns
    if (this.#postgres) {
      const token = sql`(${pathTokens})[${raw(String(i))}]`
      return folder ? sql`(CASE WHEN cardinality(${pathTokens}) > ${raw(String(i))} THEN ${token} END)` : token
    }
    const token = sql`(${pathTokens} ->> ${`$[${i - 1}]`})`
    return folder ? sql`(CASE WHEN json_array_length(${pathTokens}) > ${raw(String(i))} THEN ${token} END)` : token
  }

  #comparison({ op, a, b }: Node<'cmp'>): Sql {
    assert(OPERATORS.has(op), `predicate: '${op}' is no operator`)
    const type = this.#sameType(a, b)
    // The database's own collation would order text by language; equality needs none.
    const collation = raw(this.#postgres && type === 'text' && op !== '=' && op !== '<>' ? ' COLLATE "C"' : '')
    return sql`(${this.#expression(a)}${collation} ${raw(op)} ${this.#expression(b)})`
  }

  #membership({ a, l, neg }: Node<'in'>): Sql {
    if (l.length === 0) return raw(neg ? 'TRUE' : 'FALSE')
    const [only] = l
    // Not only shorter: SQLite reads `x IN ((SELECT …))` as a set of rows, and a set without rows as false.
    if (only !== undefined && l.length === 1) return this.#comparison({ k: 'cmp', op: neg ? '<>' : '=', a, b: only })
    for (const candidate of l) this.#sameType(a, candidate)
    const list = join(l.map((candidate) => this.#expression(candidate)))
    return sql`(${this.#expression(a)} ${raw(neg ? 'NOT IN' : 'IN')} (${list}))`
  }

  /** Neither list of a key is ever NULL: keys are not empty. */
  #nullTest({ a, neg }: Node<'isnull'>): Sql {
    const type = predicateType(a)
    const { metadata, userMetadata } = this.#columns
    if (type === 'list') return raw(neg ? 'TRUE' : 'FALSE')
    if (type === 'json') {
      const column = a.k === 'col' && a.n === 'user_metadata' ? userMetadata : null
      if (column === null) {
        const absent = a.k === 'col' && a.n === 'metadata' ? metadata === null : true
        return raw(absent !== neg ? 'TRUE' : 'FALSE')
      }
      return sql`(${column} ${raw(neg ? 'IS NOT NULL' : 'IS NULL')})`
    }
    return sql`(${this.#expression(a)} ${raw(neg ? 'IS NOT NULL' : 'IS NULL')})`
  }

  #junction({ k, a }: Node<'and' | 'or'>): Sql {
    if (a.length === 0) return raw(k === 'and' ? 'TRUE' : 'FALSE')
    return balanced(
      a.map((part) => this.condition(part)),
      k === 'and' ? ' AND ' : ' OR ',
    )
  }

  #call({ f, a }: Node<'call'>): Sql {
    const [first, second] = a
    assert(first !== undefined, `predicate: ${f} has no argument`)
    switch (f) {
      case 'starts_with': {
        assert(second !== undefined, 'predicate: starts_with has one argument')
        const parts = [this.#typed(first, 'text'), this.#typed(second, 'text')]
        return this.#postgres ? sql`starts_with(${join(parts)})` : sql`(instr(${join(parts)}) = 1)`
      }
      case 'lower':
      case 'upper':
        return sql`${raw(f)}(${this.#typed(first, 'text')}${raw(this.#postgres ? ' COLLATE "C"' : '')})`
      case 'coalesce': {
        for (const candidate of a) this.#sameType(first, candidate)
        const parts = a.map((candidate) => this.#expression(candidate))
        return parts.length === 1 ? sql`(${join(parts)})` : sql`coalesce(${join(parts)})`
      }
      case 'filename':
      case 'extension':
        // Of a constant they have been folded; parsePredicate lets no other column through.
        assert(first.k === 'col' && first.n === 'name', `predicate: ${f} of something that is not the key`)
        return f === 'filename' ? this.#columns.fileName : this.#columns.extension
      default:
        throw new AssertionError({ message: `predicate: ${f} gives no value of its own` })
    }
  }

  #sameType(a: Predicate, b: Predicate): ExpressionType {
    const type = predicateType(a)
    assert(type !== 'json' && type !== 'list' && predicateType(b) === type, `predicate: compares a ${type} with a ${predicateType(b)}`)
    return type
  }
}

const PARAMETER_TYPES = { bool: '::boolean', text: '::text', num: '::float8' }
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
