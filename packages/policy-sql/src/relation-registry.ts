import type { Relation } from '@stowage/core/policy'

/** Schema of what is named without one, on either side. */
const DEFAULT_SCHEMA = 'public'

/** The relations that policies may look into, found by the name that SQL gives them. */
export class RelationRegistry {
  readonly #relations: ReadonlyMap<string, Relation>
  readonly all: readonly Relation[]

  constructor(relations: readonly Relation[]) {
    this.all = relations
    this.#relations = new Map(relations.map((relation) => [qualified(relation.name), relation]))
  }

  /** Null where no such relation is registered. */
  find(schema: string | undefined, name: string): Relation | null {
    return this.#relations.get(`${schema ?? DEFAULT_SCHEMA}.${name}`) ?? null
  }
}

function qualified(name: string): string {
  return name.includes('.') ? name : `${DEFAULT_SCHEMA}.${name}`
}
