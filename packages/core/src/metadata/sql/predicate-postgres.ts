import { AssertionError } from 'node:assert'
import sql, { join, raw, type Sql } from 'sql-template-tag'
import { canFail } from '../../policy/predicate-can-fail.ts'
import { type ExpressionType, predicateType } from '../../policy/predicate-type.ts'
import type { CompareOperator, LiteralType, Predicate, RelationKeeper } from '../../policy/predicate.ts'
import { assert } from '../../util/assert.ts'
import { isKey, type Node, PredicateCompiler, quoted } from './predicate-compiler.ts'
import { engineTable } from './relation-table.ts'

/** What the types are called. */
const TYPES: Readonly<Record<ExpressionType, string>> = {
  bool: 'boolean',
  text: 'text',
  int: 'integer',
  bigint: 'bigint',
  num: 'double precision',
  uuid: 'uuid',
  jsonb: 'jsonb',
  timestamptz: 'timestamptz',
  'text[]': 'text[]',
}

/** An odd number of backslashes at the end. */
const OPEN_ESCAPE = String.raw`'(^|[^\\])(\\\\)*\\$'`

/**
 * Postgres, which says it nearly as it is meant. It reckons with constants while it plans, and fails then, whatever the row; and it takes
 * the arms of a WHERE in an order of its own. A condition that may fail is put so that it can do neither.
 */
export class PostgresPredicate extends PredicateCompiler {
  #mayFail = false

  override condition(node: Predicate): Sql {
    if (this.#mayFail || !canFail(node)) return super.condition(node)
    this.#mayFail = true
    // A condition that is the one column of a subquery stays in one piece.
    const compiled = sql`(SELECT ${super.condition(node)})`
    this.#mayFail = false
    return compiled
  }

  protected expression(node: Predicate): Sql {
    switch (node.k) {
      case 'lit':
        return this.#literal(node)
      case 'col':
        return this.#column(node)
      case 'json':
        return this.#step(node)
      case 'jhas':
        return sql`jsonb_exists(${this.typed(node.a, 'jsonb')}, ${this.typed(node.b, 'text')})`
      case 'cast':
        return sql`CAST(${this.expression(node.a)} AS ${raw(TYPES[node.t])})`
      case 'idx':
        return this.#element(node)
      case 'arr':
        if (node.a.length === 0) return this.#constant(raw(`'{}'::text[]`))
        return sql`CAST(ARRAY[${list(node.a.map((part) => this.typed(part, 'text')))}] AS text[])`
      case 'anyeq':
        // A bare subquery behind ANY would be a set of rows.
        return sql`(${this.typed(node.a, 'text')} = ANY (CAST(${this.typed(node.arr, 'text[]')} AS text[])))`
      case 'inarr':
        return sql`(${this.typed(node.a, 'text')} IN (SELECT jsonb_array_elements_text(${this.typed(node.arr, 'jsonb')})))`
      case 'like':
        return this.#likeness(node)
      case 'call':
        return this.#call(node)
      default:
        return this.shared(node)
    }
  }

  #literal({ t, v }: Node<'lit'>): Sql {
    if (v === null) return this.null(t)
    return t === 'bool' ? this.truth(v === true) : this.#constant(parameter(t, v))
  }

  protected null(type: ExpressionType): Sql {
    return this.#constant(raw(`NULL::${TYPES[type]}`))
  }

  protected truth(value: boolean): Sql {
    return this.#constant(raw(value ? 'TRUE' : 'FALSE'))
  }

  /** A constant; one that Postgres cannot reckon with before it is at the row, where that matters. */
  #constant(constant: Sql): Sql {
    return this.#mayFail ? sql`(SELECT ${constant})` : constant
  }

  protected widened(compiled: Sql, from: ExpressionType, to: ExpressionType): Sql {
    return from === to ? compiled : sql`CAST(${compiled} AS ${raw(TYPES[to])})`
  }

  protected collation(operator: CompareOperator, type: ExpressionType): Sql {
    // The database's own collation would order text by language; equality needs none.
    return raw(type === 'text' && operator !== '=' && operator !== '<>' ? ' COLLATE "C"' : '')
  }

  protected relationTable(name: string, kept: RelationKeeper): Sql {
    return raw(kept === 'engine' ? engineTable(name) : name.split('.').map(quoted).join('.'))
  }

  protected relationCondition(where: Predicate): Sql {
    return super.condition(where)
  }

  #column(node: Node<'col'>): Sql {
    const { metadata, userMetadata, pathTokens } = this.columns
    if (node.n === 'path_tokens') return pathTokens
    if (node.n === 'user_metadata') return userMetadata ?? this.null('jsonb')
    if (node.n !== 'metadata') return this.shared(node)
    if (metadata === null) return this.null('jsonb')
    const members = Object.entries(metadata).flatMap(([name, { value }]) => [raw(`'${name}'`), value])
    return sql`jsonb_strip_nulls(jsonb_build_object(${list(members)}))`
  }

  #step({ a, p, text }: Node<'json'>): Sql {
    const { metadata } = this.columns
    if (a.k === 'col' && a.n === 'metadata' && text) {
      const member = metadata !== null && typeof p === 'string' && Object.hasOwn(metadata, p) ? metadata[p] : undefined
      return member?.text ?? this.null('text')
    }
    const step = typeof p === 'number' ? raw(`(${Math.trunc(p)})`) : parameter('text', p)
    return sql`(${this.typed(a, 'jsonb')} ${raw(text ? '->>' : '->')} ${step})`
  }

  #element(node: Node<'idx'>): Sql {
    const known = this.elementPlace(node)
    if (known === null) return sql`(${this.typed(node.a, 'text[]')})[${raw(String(Math.trunc(node.i)))}]`
    if (known.place === null) return this.null('text')
    const { pathTokens } = this.columns
    const place = raw(String(known.place))
    const token = sql`(${pathTokens})[${place}]`
    return known.folder ? sql`(CASE WHEN cardinality(${pathTokens}) > ${place} THEN ${token} END)` : token
  }

  /** A list that is compared one by one: as it is, Postgres takes its constants together. */
  protected override membership(node: Node<'in'>): Sql {
    if (!canFail(node) || node.l.length < 2) return super.membership(node)
    const [value, ...candidates] = this.alike([node.a, ...node.l])
    const operator = raw(node.neg ? '<>' : '=')
    return join(
      candidates.map((candidate) => sql`(${value} ${operator} ${candidate})`),
      node.neg ? ' AND ' : ' OR ',
      '(',
      ')',
    )
  }

  #likeness({ a, p, ci, neg }: Node<'like'>): Sql {
    const operator = raw(`${neg ? 'NOT ' : ''}${ci ? 'ILIKE' : 'LIKE'}`)
    const [text, pattern] = [this.typed(a, 'text'), this.typed(p, 'text')]
    if (p.k === 'lit' && !canFail({ k: 'like', a: p, p, ci, neg })) return sql`(${text} COLLATE "C" ${operator} ${pattern})`
    // Postgres minds an escape at the end only where the text matches up to there.
    return sql`(SELECT CASE WHEN matched.a IS NOT NULL AND matched.p ~ ${raw(OPEN_ESCAPE)}
      THEN CAST('an escape ends ' || matched.p AS boolean) ELSE matched.a COLLATE "C" ${operator} matched.p END
      FROM (SELECT ${text} AS a, ${pattern} AS p OFFSET 0) AS matched)`
  }

  #call({ f, a }: Node<'call'>): Sql {
    const [first] = a
    assert(first !== undefined, `predicate: ${f} has no argument`)
    const parts =
      f === 'coalesce'
        ? a.map((part) => this.widened(this.expression(part), predicateType(part), predicateType({ k: 'call', f, a })))
        : a.map((part) => this.expression(part))
    const [compiled = raw('NULL'), ...others] = parts
    switch (f) {
      case 'coalesce':
      case 'starts_with':
        return sql`${raw(f)}(${list(parts)})`
      case 'lower':
      case 'upper':
        return sql`${raw(f)}(${compiled} COLLATE "C")`
      case 'split_part':
      case 'string_to_array':
        return sql`${raw(f)}(${list([sql`${compiled} COLLATE "C"`, ...others])})`
      case 'foldername':
        return sql`trim_array(string_to_array(nullif(${compiled}, ''), '/'), 1)`
      case 'filename':
        return isKey(first) ? this.columns.fileName : sql`substring(nullif(${compiled}, '') from '[^/]*$')`
      case 'extension':
        return isKey(first) ? this.columns.extension : sql`substring(nullif(${compiled}, '') from '[^./]*$')`
      default:
        // About the operation, which was not folded because its argument fails.
        if (!a.some(canFail)) throw new AssertionError({ message: `predicate: ${f} was not folded` })
        return sql`(${compiled} IS NULL)`
    }
  }
}

function parameter(type: LiteralType, value: unknown): Sql {
  const given = type === 'jsonb' ? JSON.stringify(value) : type === 'timestamptz' ? new Date(Number(value)).toISOString() : value
  return sql`${given}${raw(`::${TYPES[type]}`)}`
}

function list(parts: readonly Sql[]): Sql {
  return parts.length === 0 ? raw('') : join(parts)
}
