import { AssertionError } from 'node:assert'
import { policyColumnSql } from './policy-column-sql.ts'
import { policyLiteralSql, quoteIdentifier, quoteText, SQL_TYPES } from './policy-literal-sql.ts'
import { predicateType } from './predicate-type.ts'
import type { ContextField, Predicate, PredicateFunction, TruthTest } from './predicate.ts'
import type { PolicyTable } from './row-policy.ts'

type Node<K extends Predicate['k']> = Extract<Predicate, { readonly k: K }>

/** Schema of a relation that is named without one. */
const DEFAULT_SCHEMA = 'public'

/** In a subselect the functions run once a statement, not once a row. What Supabase does not know is a setting of the session. */
const CONTEXT: Readonly<Record<ContextField, string>> = {
  uid: '(SELECT auth.uid())',
  sub: `((SELECT auth.jwt()) OPERATOR(pg_catalog.->>) 'sub'::text)`,
  role: '(SELECT auth.role())',
  jwt: '(SELECT auth.jwt())',
  operation: '(SELECT storage.operation())',
  now: 'pg_catalog.now()',
  account: setting('account'),
  ip: setting('ip'),
  key: setting('key'),
}

const FUNCTIONS: Readonly<Record<PredicateFunction, string>> = {
  starts_with: 'pg_catalog.starts_with',
  lower: 'pg_catalog.lower',
  upper: 'pg_catalog.upper',
  coalesce: 'COALESCE',
  split_part: 'pg_catalog.split_part',
  string_to_array: 'pg_catalog.string_to_array',
  foldername: 'storage.foldername',
  filename: 'storage.filename',
  extension: 'storage."extension"',
  allow_only_operation: 'storage.allow_only_operation',
  allow_any_operation: 'storage.allow_any_operation',
}

/** A setting that was set once and is no more reads as the empty text. */
function setting(name: string): string {
  return `NULLIF(pg_catalog.current_setting('stowage.${name}'::text, TRUE), ''::text)`
}

/**
 * A condition as an expression of a policy on one of Supabase's tables. Operators are those of `pg_catalog` by name, everything is in
 * parentheses, and text is ordered and folded as the C collation does, whatever the database's own is.
 */
export function policyExpressionSql(predicate: Predicate, table: PolicyTable): string {
  return new ExpressionPrinter(table, false).print(predicate)
}

class ExpressionPrinter {
  readonly #table: PolicyTable
  readonly #nested: boolean

  constructor(table: PolicyTable, nested: boolean) {
    this.#table = table
    this.#nested = nested
  }

  print(node: Predicate): string {
    switch (node.k) {
      case 'lit':
        return policyLiteralSql(node)
      case 'col':
        return policyColumnSql(this.#table, node.n, this.#nested)
      case 'ctx':
        return CONTEXT[node.f]
      case 'rcol':
        return `${quoteIdentifier(node.alias)}.${quoteIdentifier(node.n)}`
      case 'cast':
        return `(${this.print(node.a)})::${SQL_TYPES[node.t]}`
      case 'idx':
        return `(${this.print(node.a)})[${node.i}]`
      case 'arr':
        return `ARRAY[${this.#list(node.a)}]::text[]`
      case 'call':
        return this.#call(node)
      case 'isnull':
        return `(${this.print(node.a)} ${node.neg ? 'IS NOT NULL' : 'IS NULL'})`
      case 'istest':
        return `(${this.print(node.a)} ${truthTest(node.op)})`
      case 'and':
      case 'or':
        return this.#junction(node)
      case 'not':
        return `(NOT ${this.print(node.a)})`
      case 'distinct':
        return `(${this.print(node.a)} ${node.neg ? 'IS NOT DISTINCT FROM' : 'IS DISTINCT FROM'} ${this.print(node.b)})`
      default:
        return this.#operator(node)
    }
  }

  #operator(
    node: Exclude<
      Predicate,
      Node<'lit' | 'col' | 'ctx' | 'rcol' | 'cast' | 'idx' | 'arr' | 'call' | 'isnull' | 'istest' | 'and' | 'or' | 'not' | 'distinct'>
    >,
  ): string {
    switch (node.k) {
      case 'json':
        return infix(
          this.print(node.a),
          node.text ? '->>' : '->',
          typeof node.p === 'number' ? `(${node.p})` : `${quoteText(node.p)}::text`,
        )
      case 'jhas':
        return infix(this.print(node.a), '?', this.print(node.b))
      case 'concat':
        return infix(this.print(node.a), '||', this.print(node.b))
      case 'cmp':
        return this.#comparison(node)
      case 'like':
        return infix(
          `${this.print(node.a)}${node.ci ? ' COLLATE "C"' : ''}`,
          `${node.neg ? '!' : ''}~~${node.ci ? '*' : ''}`,
          this.print(node.p),
        )
      case 'in':
        return this.#membership(node)
      case 'anyeq':
        return infix(this.print(node.a), '=', `ANY (${this.print(node.arr)})`)
      case 'inarr':
        return infix(this.print(node.a), '=', `ANY (SELECT pg_catalog.jsonb_array_elements_text(${this.print(node.arr)}))`)
      case 'exists':
        return `(EXISTS (SELECT 1${this.#from(node)}))`
      case 'insub':
        return this.#subquery(node)
      default:
        throw new AssertionError({ message: 'predicate: a node of an unknown kind' })
    }
  }

  #comparison({ op, a, b }: Node<'cmp'>): string {
    // Equality of texts is that of their bytes in every collation that a database can have by default.
    const ordered = op !== '=' && op !== '<>' && predicateType(a) === 'text'
    return infix(`${this.print(a)}${ordered ? ' COLLATE "C"' : ''}`, op, this.print(b))
  }

  #membership({ a, l, neg }: Node<'in'>): string {
    if (l.length === 0) return neg ? 'TRUE' : 'FALSE'
    return infix(this.print(a), neg ? '<>' : '=', `${neg ? 'ALL' : 'ANY'} (ARRAY[${this.#list(l)}])`)
  }

  #subquery(node: Node<'insub'>): string {
    const within = infix(this.print(node.a), '=', `ANY (SELECT ${this.#inside().print(node.sel)}${this.#from(node)})`)
    return node.neg ? `(NOT ${within})` : within
  }

  #from({ rel, alias, where }: Pick<Node<'exists'>, 'rel' | 'alias' | 'where'>): string {
    const condition = where.k === 'lit' && where.v === true ? '' : ` WHERE ${this.#inside().print(where)}`
    return ` FROM ${relationSql(rel)} AS ${quoteIdentifier(alias)}${condition}`
  }

  #inside(): ExpressionPrinter {
    return new ExpressionPrinter(this.#table, true)
  }

  #call({ f, a }: Node<'call'>): string {
    const folds = f === 'lower' || f === 'upper' ? ' COLLATE "C"' : ''
    return `${FUNCTIONS[f]}(${this.#list(a)}${folds})`
  }

  #junction({ k, a }: Node<'and' | 'or'>): string {
    if (a.length === 0) return k === 'and' ? 'TRUE' : 'FALSE'
    return `(${a.map((part) => this.print(part)).join(k === 'and' ? ' AND ' : ' OR ')})`
  }

  #list(nodes: readonly Predicate[]): string {
    return nodes.map((node) => this.print(node)).join(', ')
  }
}

function infix(left: string, operator: string, right: string): string {
  return `(${left} OPERATOR(pg_catalog.${operator}) ${right})`
}

function relationSql(name: string): string {
  const at = name.indexOf('.')
  const [schema, table] = at === -1 ? [DEFAULT_SCHEMA, name] : [name.slice(0, at), name.slice(at + 1)]
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`
}

function truthTest(test: TruthTest): string {
  return test.replaceAll('_', ' ')
}
