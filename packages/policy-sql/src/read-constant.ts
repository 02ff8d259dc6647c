import type { A_Const } from 'libpg-query'
import { literal, literalFromText } from './literal.ts'
import { Refusal } from './refusal.ts'
import { placeOf, type Typed } from './typed.ts'

/** A constant as it is written: a quoted text and NULL have no type of their own yet. */
export function readConstant(node: A_Const): Typed {
  const at = placeOf(node)
  if (node.isnull === true) return { node: literal('text', null), type: 'unknown', at }
  // The parser leaves out what is 0, false or empty.
  if (node.ival !== undefined) return { node: literal('int', node.ival.ival ?? 0), type: 'int', at }
  if (node.boolval !== undefined) return { node: literal('bool', node.boolval.boolval ?? false), type: 'bool', at }
  if (node.sval !== undefined) return { node: literalFromText(node.sval.sval ?? '', 'unknown', at), type: 'unknown', at }
  if (node.fval === undefined) throw new Refusal(at, 'a constant of bits')
  const digits = (node.fval.fval ?? '').replaceAll('_', '')
  if (/^-?\d+$/.test(digits)) return { node: literalFromText(digits, 'bigint', at), type: 'bigint', at }
  return { node: literal('text', digits), type: 'decimal', at }
}

/** A constant whole number, as an index or a step has it; null for anything else. */
export function constantInteger(value: Typed): number | null {
  return value.node.k === 'lit' && value.type === 'int' && typeof value.node.v === 'number' ? value.node.v : null
}

/** A constant text; null for anything else. */
export function constantText(value: Typed): string | null {
  const isText = value.type === 'unknown' || value.type === 'text'
  return value.node.k === 'lit' && isText && typeof value.node.v === 'string' ? value.node.v : null
}
