import type { ContextField, Predicate, RelationColumnType, RowColumn } from '../../../packages/core/src/policy/predicate.ts'
import type { Relation } from '../../../packages/core/src/policy/relation.ts'
import type { PolicyTable } from '../../../packages/core/src/policy/row-policy.ts'
import {
  BIGINTS,
  BROKEN_PATTERN,
  INTS,
  JSON_TEXTS,
  KEYS,
  MEMBERS,
  NUMBERS,
  OPERATIONS,
  PATTERNS,
  RELATIONS,
  TEXTS,
  TIMES,
  USERS,
} from './pools.ts'
import type { Random } from './random.ts'

type Scalar = 'text' | 'int' | 'bigint' | 'num' | 'uuid' | 'timestamptz' | 'bool'

/** What policies are made for. */
export interface GeneratorOptions {
  readonly table: PolicyTable
  /** Whether a row may make the condition fail. */
  readonly mayFail: boolean
}

interface Sight {
  readonly alias: string
  readonly relation: Relation
}

const SCALARS: readonly Scalar[] = ['text', 'text', 'text', 'text', 'int', 'bigint', 'num', 'uuid', 'timestamptz', 'bool']
const TEXT_COLUMNS: readonly RowColumn[] = ['bucket_id', 'name', 'owner_id', 'version', 'etag', 'content_type', 'account']
const TEXT_CONTEXT: readonly ContextField[] = ['sub', 'role', 'account', 'operation', 'ip', 'key']
const COMPARE = ['=', '=', '=', '<>', '<', '<=', '>', '>='] as const
const TESTS = ['IS_TRUE', 'IS_NOT_TRUE', 'IS_FALSE', 'IS_NOT_FALSE', 'IS_UNKNOWN', 'IS_NOT_UNKNOWN'] as const

/** Makes well-typed conditions of every kind of node, most of which are true for some rows and not for others. */
export class PredicateGenerator {
  readonly #random: Random
  readonly #options: GeneratorOptions
  #sight: readonly Sight[] = []

  constructor(random: Random, options: GeneratorOptions) {
    this.#random = random
    this.#options = options
  }

  condition(depth: number): Predicate {
    const random = this.#random
    if (depth > 0 && random.below(10) < 4) {
      if (random.oneIn(5)) return { k: 'not', a: this.condition(depth - 1) }
      if (random.oneIn(6)) return { k: 'istest', op: random.pick(TESTS), a: this.condition(depth - 1) }
      return { k: random.pick(['and', 'or'] as const), a: random.some(2, 3, () => this.condition(depth - 1)) }
    }
    return this.#leaf(depth)
  }

  #leaf(depth: number): Predicate {
    const random = this.#random
    const neg = random.oneIn(3)
    switch (random.below(this.#sight.length < 2 && depth > 0 ? 15 : 12)) {
      case 0:
        return { k: 'distinct', ...this.#pair(depth), neg }
      case 1:
      case 2: {
        const type = random.pick(SCALARS)
        return {
          k: 'in',
          a: this.#scalar(type, depth),
          l: random.some(random.oneIn(8) ? 0 : 1, 3, () => this.#scalar(type, depth - 1)),
          neg,
        }
      }
      case 3:
        return { k: 'anyeq', a: this.#text(depth), arr: this.#list(depth) }
      case 4:
        return { k: 'inarr', a: this.#text(depth), arr: this.#array(depth) }
      case 5:
        return { k: 'like', ...this.#likeness(depth), ci: random.oneIn(2), neg }
      case 6:
        return { k: 'isnull', a: random.oneIn(4) ? this.#anything(depth) : this.#scalar(random.pick(SCALARS), depth), neg }
      case 7:
        return {
          k: 'jhas',
          a: random.oneIn(3) ? this.#member(false) : this.#json(depth),
          b: random.oneIn(2) ? lit(random.pick(JSON_TEXTS)) : this.#text(depth - 1),
        }
      case 8:
        return this.#boolean(depth)
      case 12:
      case 13:
      case 14:
        return this.#relation(depth, neg)
      default:
        return { k: 'cmp', op: random.pick(COMPARE), ...this.#pair(depth) }
    }
  }

  #boolean(depth: number): Predicate {
    const random = this.#random
    switch (random.below(5)) {
      case 0:
        return { k: 'call', f: 'starts_with', a: [this.#text(depth), this.#text(depth - 1)] }
      case 1:
        return { k: 'call', f: 'allow_only_operation', a: [{ k: 'lit', t: 'text', v: random.oneIn(8) ? null : random.pick(OPERATIONS) }] }
      case 2: {
        const a = random.some(0, 3, (): Predicate => ({ k: 'lit', t: 'text', v: random.oneIn(8) ? null : random.pick(OPERATIONS) }))
        return { k: 'call', f: 'allow_any_operation', a: [{ k: 'arr', a }] }
      }
      default:
        return this.#scalar('bool', depth)
    }
  }

  #pair(depth: number): { readonly a: Predicate; readonly b: Predicate } {
    const random = this.#random
    const numeric: readonly Scalar[] = ['int', 'bigint', 'num']
    const type = random.pick(SCALARS)
    if (type === 'text' && random.oneIn(6)) return this.#sameText(depth)
    // Numbers of two types are compared in the wider.
    const other = numeric.includes(type) && random.oneIn(3) ? random.pick(numeric) : type
    return { a: this.#scalar(type, depth), b: this.#scalar(other, depth - 1) }
  }

  /** A member that rows and claims often have, as text or as JSON. */
  #member(text: boolean): Predicate {
    const a: Predicate = this.#random.oneIn(3) ? { k: 'ctx', f: 'jwt' } : col('user_metadata')
    return { k: 'json', a, p: this.#random.pick(['a', 'team']), text }
  }

  /** Two texts of which one has been made of the other, or might have been. */
  #sameText(depth: number): { readonly a: Predicate; readonly b: Predicate } {
    const random = this.#random
    if (random.oneIn(6)) return { a: { k: 'cast', a: col('public'), t: 'text' }, b: lit(random.pick(['true', 'false', '1', 't'])) }
    const text = random.oneIn(2) ? this.#member(true) : this.#text(depth - 1)
    const made: Predicate = random.oneIn(3)
      ? { k: 'call', f: 'split_part', a: [text, { k: 'lit', t: 'text', v: random.pick(['/', '\u0001']) }, { k: 'lit', t: 'int', v: 1 }] }
      : { k: 'call', f: random.pick(['lower', 'upper']), a: [text] }
    return { a: made, b: random.oneIn(2) ? text : this.#text(depth - 1) }
  }

  #scalar(type: Scalar, depth: number): Predicate {
    const random = this.#random
    if (depth > 0 && random.oneIn(10)) return { k: 'call', f: 'coalesce', a: random.some(1, 3, () => this.#scalar(type, depth - 1)) }
    const found = random.oneIn(2) ? this.#relationColumn(type) : null
    if (found !== null) return found
    if (random.oneIn(14)) return { k: 'lit', t: type, v: null }
    switch (type) {
      case 'text':
        return this.#text(depth)
      case 'bool':
        return random.oneIn(3) && this.#options.mayFail
          ? this.#cast('bool', depth)
          : random.pick([col('public'), { k: 'lit', t: 'bool', v: random.oneIn(2) }])
      case 'uuid':
        return this.#uuid(depth)
      case 'timestamptz':
        return random.pick([
          col('created_at'),
          col('updated_at'),
          col('last_accessed_at'),
          { k: 'ctx', f: 'now' },
          { k: 'lit', t: 'timestamptz', v: random.pick(TIMES) },
        ])
      default:
        return this.#number(type, depth)
    }
  }

  #number(type: 'int' | 'bigint' | 'num', depth: number): Predicate {
    const random = this.#random
    if (random.oneIn(3) && this.#options.mayFail) return this.#cast(type, depth)
    if (type === 'bigint')
      return random.oneIn(2) && this.#options.table === 'objects' ? col('size') : { k: 'lit', t: 'bigint', v: random.pick(BIGINTS) }
    if (type === 'num')
      return random.oneIn(2) && this.#options.table === 'objects'
        ? { k: 'cast', a: col('size'), t: 'num' }
        : { k: 'lit', t: 'num', v: random.pick(NUMBERS) }
    return random.oneIn(3) ? { k: 'cast', a: col('public'), t: 'int' } : { k: 'lit', t: 'int', v: random.pick(INTS) }
  }

  #uuid(depth: number): Predicate {
    const random = this.#random
    if (this.#options.mayFail && random.oneIn(3)) return random.oneIn(2) ? { k: 'ctx', f: 'uid' } : this.#cast('uuid', depth)
    return random.oneIn(2) ? col('owner') : { k: 'lit', t: 'uuid', v: random.pick(USERS) }
  }

  /** A cast of a text that a row has: of a constant it would fail, or not, before any row is looked at. */
  #cast(t: 'int' | 'bigint' | 'num' | 'uuid' | 'bool', depth: number): Predicate {
    const random = this.#random
    const folder: Predicate = {
      k: 'idx',
      a: this.#random.oneIn(2) ? col('path_tokens') : { k: 'call', f: 'foldername', a: [col('name')] },
      i: 1,
    }
    const member: Predicate = { k: 'json', a: col('user_metadata'), p: random.pick(['n', 'a', 'team']), text: true }
    const size: Predicate = { k: 'json', a: col('metadata'), p: 'size', text: true }
    const a = random.pick([folder, member, member, depth > 0 ? size : col('owner_id')])
    return { k: 'cast', a, t }
  }

  #text(depth: number): Predicate {
    const random = this.#random
    const found = random.oneIn(3) ? this.#relationColumn('text') : null
    if (found !== null) return found
    if (depth <= 0) return this.#plainText()
    switch (random.below(14)) {
      case 0:
        return { k: 'json', a: this.#json(depth - 1), p: random.oneIn(4) ? random.below(6) - 2 : random.pick(MEMBERS), text: true }
      case 1:
      case 2:
        return { k: 'idx', a: this.#list(depth - 1), i: random.below(5) - 1 }
      case 3:
        return { k: 'concat', a: this.#text(depth - 1), b: this.#text(depth - 2) }
      case 4:
        return { k: 'call', f: random.pick(['lower', 'upper']), a: [this.#text(depth - 1)] }
      case 5:
      case 6:
        return { k: 'call', f: random.pick(['filename', 'extension']), a: [random.oneIn(3) ? this.#text(depth - 1) : col('name')] }
      case 7:
        return {
          k: 'call',
          f: 'split_part',
          a: [
            this.#text(depth - 1),
            { k: 'lit', t: 'text', v: random.pick(['/', '.', '', 'a']) },
            { k: 'lit', t: 'int', v: random.pick([1, 2, -1, -2, 9]) },
          ],
        }
      case 8:
        return { k: 'cast', a: this.#castable(depth - 1), t: 'text' }
      default:
        return this.#plainText()
    }
  }

  #castable(depth: number): Predicate {
    const random = this.#random
    if (random.oneIn(4)) return this.#json(depth)
    return this.#scalar(random.pick(['int', 'bigint', 'num', 'uuid', 'bool'] as const), depth)
  }

  #plainText(): Predicate {
    const random = this.#random
    switch (random.below(6)) {
      case 0:
        return { k: 'ctx', f: random.pick(TEXT_CONTEXT) }
      case 1:
      case 2:
        return col(random.pick(TEXT_COLUMNS))
      case 3:
        return { k: 'idx', a: { k: 'call', f: 'foldername', a: [col('name')] }, i: 1 }
      default:
        return { k: 'lit', t: 'text', v: random.pick(random.oneIn(4) ? KEYS : TEXTS) }
    }
  }

  /** A key and a pattern that was made of one, or any two. */
  #likeness(depth: number): { readonly a: Predicate; readonly p: Predicate } {
    const random = this.#random
    if (random.oneIn(2)) return { a: this.#text(depth), p: this.#pattern(depth) }
    const key = random.pick(KEYS).replaceAll(/[\\%_]/g, '\\$&')
    const cased = random.pick([key, key.toUpperCase(), key.toLowerCase()])
    const from = random.below(cased.length)
    return {
      a: col('name'),
      p: lit(random.pick([cased, `${cased}%`, `%${cased}`, `%${cased.slice(from).replace(/^[\udc00-\udfff]/, '')}`])),
    }
  }

  #pattern(depth: number): Predicate {
    const random = this.#random
    // A pattern out of a row may end with an escape.
    if (this.#options.mayFail && random.oneIn(4))
      return { k: 'concat', a: this.#plainText(), b: { k: 'lit', t: 'text', v: random.oneIn(4) ? BROKEN_PATTERN : '%' } }
    return depth > 0 && random.oneIn(20) ? { k: 'lit', t: 'text', v: null } : { k: 'lit', t: 'text', v: random.pick(PATTERNS) }
  }

  #list(depth: number): Predicate {
    const random = this.#random
    switch (random.below(5)) {
      case 0:
        return { k: 'arr', a: random.some(0, 3, () => this.#scalar('text', depth - 1)) }
      case 1:
        return {
          k: 'call',
          f: 'string_to_array',
          a: [this.#scalar('text', depth - 1), { k: 'lit', t: 'text', v: random.pick(['/', '.', '', 'a', null]) }],
        }
      case 2:
        return col('path_tokens')
      default:
        return { k: 'call', f: 'foldername', a: [random.oneIn(3) ? this.#text(depth - 1) : col('name')] }
    }
  }

  #json(depth: number): Predicate {
    const random = this.#random
    if (depth > 0 && random.oneIn(3))
      return { k: 'json', a: this.#json(depth - 1), p: random.oneIn(4) ? random.below(4) - 2 : random.pick(MEMBERS), text: false }
    switch (random.below(5)) {
      case 0:
        return col('metadata')
      case 1:
        return col('user_metadata')
      case 2:
        return {
          k: 'lit',
          t: 'jsonb',
          v: random.pick([{ a: 'a', team: ['a', null, 1.5] }, ['a', 'public', null, 12, true], 'a', 12, null] as const),
        }
      default:
        return { k: 'ctx', f: 'jwt' }
    }
  }

  /** JSON that is an array, or nothing: of anything else there are no elements, which is an error. */
  #array(depth: number): Predicate {
    const random = this.#random
    if (this.#options.mayFail && random.oneIn(2)) return { k: 'json', a: this.#json(depth - 1), p: random.pick(MEMBERS), text: false }
    if (random.oneIn(3)) return { k: 'lit', t: 'jsonb', v: random.pick([['a', 'public', null], [], ['my', 12, true, { a: 1 }]] as const) }
    return { k: 'json', a: { k: 'json', a: { k: 'ctx', f: 'jwt' }, p: 'app_metadata', text: false }, p: 'teams', text: false }
  }

  #anything(depth: number): Predicate {
    return this.#random.oneIn(2) ? this.#json(depth) : this.#list(depth)
  }

  #relation(depth: number, neg: boolean): Predicate {
    const random = this.#random
    const relation = random.pick(RELATIONS)
    const alias = `r${this.#sight.length + 1}`
    const type = random.pick(['text', 'text', 'uuid', 'bigint'] as const)
    const outer = this.#scalar(type, depth - 1)
    const around = this.#sight
    this.#sight = [...around, { alias, relation }]
    const where = random.oneIn(8) ? ({ k: 'lit', t: 'bool', v: true } as const) : this.condition(Math.min(depth - 1, 1))
    const sel = this.#relationColumn(type) ?? this.#scalar(type, 0)
    this.#sight = around
    if (random.oneIn(2)) return { k: 'exists', rel: relation.name, alias, where }
    return { k: 'insub', a: outer, rel: relation.name, alias, sel, where, neg }
  }

  #relationColumn(type: Scalar): Predicate | null {
    const found = this.#sight.flatMap(({ alias, relation }) =>
      Object.entries(relation.columns).flatMap(([n, column]) =>
        column.type === type ? [{ k: 'rcol', alias, n, t: column.type satisfies RelationColumnType } as const] : [],
      ),
    )
    return found.length === 0 ? null : this.#random.pick(found)
  }
}

function lit(v: string): Predicate {
  return { k: 'lit', t: 'text', v }
}

function col(n: RowColumn): Predicate {
  return { k: 'col', n }
}
