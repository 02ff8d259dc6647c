import type { Node } from 'libpg-query'
import { Refusal } from './refusal.ts'

/** The parts of a dotted name. Refuses a star. */
export function nameParts(nodes: readonly Node[] | undefined, at: number): readonly string[] {
  return (nodes ?? []).map((node) => {
    if ('String' in node) return node.String.sval ?? ''
    throw new Refusal(at, 'a star where a name is meant')
  })
}

/** An operator's or a function's own name where it is Postgres', by its bare name or that of its schema; otherwise all of it. */
export function ownName(nodes: readonly Node[] | undefined, at: number): string {
  const parts = nameParts(nodes, at)
  return parts.length === 2 && parts[0] === 'pg_catalog' ? (parts[1] ?? '') : parts.join('.')
}
