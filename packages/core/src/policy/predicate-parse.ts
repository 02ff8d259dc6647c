import { StorageError } from '../errors/storage-error.ts'
import { parseUuid } from './evaluate-cast.ts'
import { checkNode, expectType, type RelationsInSight } from './predicate-check.ts'
import { NODE_FIELDS } from './predicate-fields.ts'
import { namesRelations, predicateParts, withParts } from './predicate-type.ts'
import type { Predicate } from './predicate.ts'
import type { Relation } from './relation.ts'

/** How deep a predicate may nest. SQLite stops at 1,000, and some nodes take several of its levels. */
export const PREDICATE_DEPTH_MAX = 64
/** How many nodes a predicate may have, list members included. */
export const PREDICATE_NODES_MAX = 4096

/** What a predicate may name beside the row and the request. */
export interface ParsePredicateOptions {
  /** The relations that `exists` and `insub` may look into. Default none. */
  readonly relations?: readonly Relation[]
}

type Fields = Readonly<Record<string, unknown>>

/** Where a node stands. */
interface Site {
  readonly place: string
  readonly depth: number
  readonly sight: RelationsInSight
}

/**
 * Takes a condition that somebody wrote apart, and gives back one that can be evaluated and compiled: the same, with uuids in their
 * canonical form, and each relation with who keeps it. Rejects with `InvalidArgument` whatever it does not know, with the place and the
 * reason: nothing is dropped, nothing is guessed.
 */
export function parsePredicate(value: unknown, place: string, options: ParsePredicateOptions = {}): Predicate {
  const parser = new PredicateParser(new Map(options.relations?.map((relation) => [relation.name, relation])))
  const predicate = parser.parse(value, { place, depth: 1, sight: new Map() })
  expectType(predicate, ['bool'], place)
  return parser.settled(predicate)
}

class PredicateParser {
  readonly #relations: ReadonlyMap<string, Relation>
  #nodes = 0

  constructor(relations: ReadonlyMap<string, Relation>) {
    this.#relations = relations
  }

  parse(value: unknown, site: Site): Predicate {
    const { place, depth, sight } = site
    this.#count(1, place)
    if (depth > PREDICATE_DEPTH_MAX) throw invalid(place, `nests deeper than ${PREDICATE_DEPTH_MAX}`)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(place, 'is not an object')
    const fields = value as Fields
    const kind = fields['k']
    if (!isKind(kind)) throw invalid(`${place}.k`, 'is not a kind of node that is supported')
    const { parts = [], lists = [], others = [], optional = [] } = NODE_FIELDS[kind]
    const known = ['k', ...parts, ...lists, ...others, ...optional]
    for (const name of Object.keys(fields))
      if (!known.includes(name)) throw invalid(`${place}.${name}`, 'is not a field of this kind of node')
    const relation = kind === 'exists' || kind === 'insub' ? this.#relation(fields, place) : null
    const within = relation === null ? sight : this.#sightWithin(fields, relation, site)
    for (const name of parts) {
      // What is looked for stands outside of the relation.
      const inner = relation !== null && name !== 'a' ? within : sight
      this.parse(fields[name], { place: `${place}.${name}`, depth: depth + 1, sight: inner })
    }
    for (const name of lists) this.#list(fields[name], { place: `${place}.${name}`, depth: depth + 1, sight })
    const node = value as Predicate
    this.#count(checkNode(node, { place, sight }), place)
    return node
  }

  #list(list: unknown, { place, depth, sight }: Site): void {
    if (!Array.isArray(list)) throw invalid(place, 'is not a list')
    for (const [at, part] of list.entries()) this.parse(part, { place: `${place}[${at}]`, depth, sight })
  }

  #count(nodes: number, place: string): void {
    this.#nodes += nodes
    if (this.#nodes > PREDICATE_NODES_MAX) throw invalid(place, `has more than ${PREDICATE_NODES_MAX} nodes`)
  }

  #relation(fields: Fields, place: string): Relation {
    const name = fields['rel']
    const relation = typeof name === 'string' ? this.#relations.get(name) : undefined
    if (relation === undefined) throw invalid(`${place}.rel`, 'is not a relation that policies may look into')
    const segments = relation.kept === 'postgres' ? relation.name.split('.') : [relation.name.replace('.', '_')]
    if (segments.length > 2 || !segments.every(isRelationIdentifier)) throw invalid(`${place}.rel`, 'has a name that no table can have')
    const kept = fields['kept']
    if (kept !== undefined && kept !== relation.kept) throw invalid(`${place}.kept`, `is not '${relation.kept}', which keeps it`)
    return relation
  }

  #sightWithin(fields: Fields, relation: Relation, { place, sight }: Site): RelationsInSight {
    const alias = fields['alias']
    if (typeof alias !== 'string' || !isRelationIdentifier(alias)) throw invalid(`${place}.alias`, 'is not a name')
    if (sight.has(alias)) throw invalid(`${place}.alias`, 'is the name of a relation around it')
    return new Map([...sight, [alias, relation]])
  }

  /** The same predicate where nothing is to be filled in. */
  settled(node: Predicate): Predicate {
    if (!isUnsettled(node)) return node
    if (node.k === 'lit' && node.t === 'uuid' && typeof node.v === 'string') return { ...node, v: parseUuid(node.v) }
    const settled = withParts(node, (part) => this.settled(part))
    if (settled.k !== 'exists' && settled.k !== 'insub') return settled
    return { ...settled, kept: this.#relations.get(settled.rel)?.kept ?? 'engine' }
  }
}

function isUnsettled(node: Predicate): boolean {
  return namesRelations(node) || holdsUuid(node)
}

function holdsUuid(node: Predicate): boolean {
  if (node.k === 'lit') return node.t === 'uuid' && typeof node.v === 'string' && parseUuid(node.v) !== node.v
  return predicateParts(node).some(holdsUuid)
}

function isKind(kind: unknown): kind is Predicate['k'] {
  return typeof kind === 'string' && Object.hasOwn(NODE_FIELDS, kind)
}

/** Names in SQL text stand in quotes; but a question mark there would be taken for the place of a value. */
const IDENTIFIER = /^[\p{L}_][\p{L}\p{N}_$]{0,62}$/u

/** Whether a name may be that of a table, a column or an alias. */
export function isRelationIdentifier(name: string): boolean {
  return IDENTIFIER.test(name)
}

function invalid(argument: string, reason: string): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument, reason })
}
