import sql, { join, raw, type Sql } from 'sql-template-tag'
import { globOf } from '../../policy/evaluate-like.ts'
import { canFail, failsItself } from '../../policy/predicate-can-fail.ts'
import { type ExpressionType, namesRelations, predicateType } from '../../policy/predicate-type.ts'
import type { Predicate, RelationKeeper } from '../../policy/predicate.ts'
import { assert } from '../../util/assert.ts'
import { isKey, isOrdered, type Node, PredicateCompiler } from './predicate-compiler.ts'
import { evaluationInputs, EVALUATE } from './predicate-evaluation.ts'
import { engineTable } from './relation-table.ts'

/** SQLite refuses patterns above 50,000 bytes. */
const PATTERN_BYTES_MAX = 10_000

/**
 * SQLite: what it says as Postgres does, it says itself. The rest (lists, JSON, casts, patterns that come from rows) it asks of
 * `evaluatePredicate`, through a function of the connection. So it does with everything that may fail, as long as no relation is in it: its
 * own AND and OR look at their arms in no certain order.
 */
export class SqlitePredicate extends PredicateCompiler {
  protected expression(node: Predicate): Sql {
    if (!isNative(node)) return this.#evaluation(node)
    if (!canFail(node)) return this.#native(node)
    return namesRelations(node) ? this.#inOrder(node) : this.#evaluation(node)
  }

  #native(node: Predicate): Sql {
    switch (node.k) {
      case 'lit':
        return literal(node)
      case 'json':
        return this.#member(node)
      case 'idx':
        return this.#element(node)
      case 'cast':
        return this.#cast(node)
      case 'isnull':
        return this.#nullTest(node)
      case 'like':
        return this.#likeness(node)
      case 'call':
        return this.#call(node)
      case 'exists':
        // As it is, SQLite makes a join of it, may begin with the relation, and then has to sort all rows of the range that a page is cut from.
        return sql`(+${this.shared(node)})`
      default:
        return this.shared(node)
    }
  }

  protected null(): Sql {
    return raw('NULL')
  }

  protected truth(value: boolean): Sql {
    return truth(value)
  }

  protected widened(compiled: Sql, from: ExpressionType, to: ExpressionType): Sql {
    return from !== to && to === 'num' ? sql`CAST(${compiled} AS REAL)` : compiled
  }

  protected collation(): Sql {
    return raw('')
  }

  protected relationTable(name: string, kept: RelationKeeper): Sql {
    assert(kept === 'engine', `predicate: the relation '${name}' is not kept here`)
    return raw(engineTable(name))
  }

  /** Each arm by itself, so that indexes serve; in which order rows and arms are looked at is the database's business. */
  protected relationCondition(where: Predicate): Sql {
    if (where.k === 'and' && where.a.length > 0 && canFail(where))
      return join(
        where.a.map((arm) => this.relationCondition(arm)),
        ' AND ',
        '(',
        ')',
      )
    if (where.k !== 'cmp' || !canFail(where) || namesRelations(where)) return this.condition(where)
    const [a, b] = [where.a.k === 'rcol', where.b.k === 'rcol']
    return a !== b ? this.comparison(where) : this.condition(where)
  }

  /** A node that may fail and has a relation in it: its arms one behind the other, each a row of its own. */
  #inOrder(node: Predicate): Sql {
    if (isOrdered(node) && (node.k === 'and' || node.k === 'or')) return this.#sequence(node.k, grouped(node))
    if (node.k === 'insub' && canFail(node.a)) {
      return sql`(CASE WHEN ${this.finds(node)} THEN ${this.relationMembership(node)} ELSE ${this.truth(node.neg)} END)`
    }
    if (node.k === 'cmp' || node.k === 'distinct') {
      const [a, b] = this.alike([node.a, node.b])
      const operator = node.k === 'cmp' ? node.op : node.neg ? 'IS NOT DISTINCT FROM' : 'IS DISTINCT FROM'
      return sql`(SELECT one.a ${raw(operator)} one.b FROM (SELECT ${a} AS a, ${b} AS b) AS one)`
    }
    if (node.k === 'in' && node.l.length > 0) {
      const operator = node.neg ? '<>' : '='
      const arms = node.l.map((candidate): Predicate => ({ k: 'cmp', op: operator, a: node.a, b: candidate }))
      return this.#sequence(node.neg ? 'and' : 'or', arms)
    }
    return failsItself(node) ? this.#evaluation(node) : this.#native(node)
  }

  #sequence(kind: 'and' | 'or', arms: readonly Predicate[]): Sql {
    const [only] = arms
    if (only !== undefined && arms.length === 1) return this.condition(only)
    const middle = Math.ceil(arms.length / 2)
    const [left, right] = [this.#sequence(kind, arms.slice(0, middle)), this.#sequence(kind, arms.slice(middle))]
    const [deciding, operator] = kind === 'and' ? [raw('0'), raw('AND')] : [raw('1'), raw('OR')]
    return sql`(SELECT CASE arm WHEN ${deciding} THEN ${deciding} ELSE (arm ${operator} ${right}) END FROM (SELECT ${left} AS arm))`
  }

  #evaluation(node: Predicate): Sql {
    const { descriptor, columns, others } = evaluationInputs(node, this.columns)
    const fromRelations = others.map((other) => {
      const value = this.shared(other)
      // A number would lose the last digits on its way to JavaScript.
      return other.k === 'rcol' && other.t === 'bigint' ? sql`CAST(${value} AS TEXT)` : value
    })
    return sql`${raw(EVALUATE)}(${join([sql`${descriptor}`, ...columns, ...fromRelations])})`
  }

  #member({ a, p }: Node<'json'>): Sql {
    const { metadata, userMetadata } = this.columns
    const name = String(p)
    if (a.k === 'col' && a.n === 'metadata')
      return (metadata !== null && Object.hasOwn(metadata, name) ? metadata[name]?.text : undefined) ?? this.null()
    if (userMetadata === null) return this.null()
    // A JSON path cannot name every member (a quote, a dollar sign in front); json_each compares names as they are.
    return /^[\w-]+$/.test(name)
      ? sql`(${userMetadata} ->> ${`$."${name}"`})`
      : sql`(SELECT member.value FROM json_each(${userMetadata}) AS member WHERE member.key = ${name})`
  }

  #element(node: Node<'idx'>): Sql {
    const known = this.elementPlace(node)
    const { pathTokens } = this.columns
    if (known === null || known.place === null) return this.null()
    const token = sql`(${pathTokens} ->> ${`$[${known.place - 1}]`})`
    return known.folder ? sql`(CASE WHEN json_array_length(${pathTokens}) > ${raw(String(known.place))} THEN ${token} END)` : token
  }

  #cast({ a, t }: Node<'cast'>): Sql {
    const from = predicateType(a)
    const value = this.expression(a)
    if (from === t || from === 'uuid' || (from === 'int' && t === 'bigint')) return value
    if (t === 'num') return sql`CAST(${value} AS REAL)`
    if (t === 'bool') return sql`(${value} <> 0)`
    if (from === 'bool') return t === 'int' ? value : sql`(CASE ${value} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)`
    return sql`CAST(${value} AS TEXT)`
  }

  /** Neither list of a key is ever NULL: keys are not empty. */
  #nullTest(node: Node<'isnull'>): Sql {
    const { a, neg } = node
    const { metadata, userMetadata } = this.columns
    if (a.k !== 'col') return this.shared(node)
    if (a.n === 'path_tokens') return this.truth(neg)
    if (a.n === 'metadata') return this.truth((metadata === null) !== neg)
    if (a.n !== 'user_metadata') return this.shared(node)
    return userMetadata === null ? this.truth(!neg) : sql`(${userMetadata} ${raw(neg ? 'IS NOT NULL' : 'IS NULL')})`
  }

  #likeness({ a, p, ci, neg }: Node<'like'>): Sql {
    const text = this.typed(a, 'text')
    const glob = p.k === 'lit' && typeof p.v === 'string' ? globOf(p.v) : null
    // SQLite's own functions fold in ASCII only, as ours do.
    const [value, pattern] =
      ci && glob !== null ? [sql`lower(${text})`, glob.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())] : [text, glob]
    return sql`(${value} ${raw(neg ? 'NOT GLOB' : 'GLOB')} ${pattern})`
  }

  #call(node: Node<'call'>): Sql {
    const { f, a } = node
    const [first] = a
    if (isKey(first) && f === 'filename') return this.columns.fileName
    if (isKey(first) && f === 'extension') return this.columns.extension
    const type = predicateType(node)
    const parts = a.map((part) => this.widened(this.expression(part), predicateType(part), f === 'coalesce' ? type : predicateType(part)))
    if (f === 'starts_with') return sql`(instr(${join(parts)}) = 1)`
    if (f === 'coalesce' && parts.length === 1) return sql`(${join(parts)})`
    return sql`${raw(f)}(${join(parts)})`
  }
}

/** Whether SQLite says the node itself as it is meant; its parts are asked by themselves. */
function isNative(node: Predicate): boolean {
  switch (node.k) {
    case 'lit':
      return node.t !== 'jsonb'
    case 'col':
      return node.n !== 'metadata' && node.n !== 'user_metadata' && node.n !== 'path_tokens'
    case 'json':
      return node.text && typeof node.p === 'string' && node.a.k === 'col'
    case 'idx':
      return (node.a.k === 'col' && node.a.n === 'path_tokens') || (node.a.k === 'call' && node.a.f === 'foldername' && isKey(node.a.a[0]))
    case 'isnull':
      return node.a.k === 'col' || isScalar(predicateType(node.a))
    case 'cast':
      // Of a float8 SQLite prints other digits.
      return isScalar(predicateType(node.a)) && !(predicateType(node.a) === 'num' && node.t === 'text')
    case 'like':
      return node.p.k === 'lit' && typeof node.p.v === 'string' && Buffer.byteLength(node.p.v) <= PATTERN_BYTES_MAX
    case 'call':
      return isNativeCall(node)
    case 'jhas':
    case 'anyeq':
    case 'inarr':
    case 'arr':
      return false
    default:
      return true
  }
}

function isNativeCall({ f, a }: Node<'call'>): boolean {
  const [first] = a
  if (f === 'coalesce') return a.every((part) => isScalar(predicateType(part)))
  if (f === 'filename' || f === 'extension') return isKey(first)
  return f === 'starts_with' || f === 'lower' || f === 'upper'
}

function isScalar(type: ExpressionType): boolean {
  return type !== 'jsonb' && type !== 'text[]'
}

/** Not TRUE: `x IS NOT TRUE`, and `x IS DISTINCT FROM TRUE`, would be a test whether x is true, of a number too. */
function truth(value: boolean): Sql {
  return raw(value ? '1' : '0')
}

function literal({ t, v }: Node<'lit'>): Sql {
  if (v === null) return raw('NULL')
  if (t === 'bool') return truth(v === true)
  // better-sqlite3 takes every number for a REAL.
  const whole = (t === 'int' || t === 'bigint' || t === 'timestamptz') && (typeof v === 'number' || typeof v === 'string')
  return sql`${whole ? BigInt(v) : v}`
}

/** The arms, neighbours without relations taken together. */
function grouped({ k, a }: Node<'and' | 'or'>): readonly Predicate[] {
  const arms: Predicate[] = []
  let plain: Predicate[] = []
  const flush = (): void => {
    const [only] = plain
    if (only !== undefined) arms.push(plain.length === 1 ? only : { k, a: plain })
    plain = []
  }
  for (const arm of a) {
    if (!namesRelations(arm)) {
      plain.push(arm)
      continue
    }
    flush()
    arms.push(arm)
  }
  flush()
  return arms
}
