import type { Random } from './random.ts'
import type { Case, Shape, World, WorldRow } from './world.ts'

const INSERTS: readonly Shape[] = ['insert', 'insert-returning', 'do-nothing', 'do-nothing-target', 'upsert']

/** Of the statements over objects one in so many is judged: more sets of policies find more than more rows under each. */
const ONE_IN = 3

/** The statements of a round: of those over every row that they can be about, some. */
export function casesOf(random: Random, world: World): readonly Case[] {
  return allCases(random, world).filter(() => world.table === 'buckets' || random.oneIn(ONE_IN))
}

function allCases(random: Random, { table, existing, proposals }: World): readonly Case[] {
  const cases: Case[] = []
  const shapes: readonly Shape[] = table === 'objects' ? INSERTS : ['insert']
  for (const old of existing) for (const shape of ['select', 'delete'] as const) cases.push({ shape, old, proposed: null, taken: null })
  for (const proposed of proposals)
    for (const shape of shapes) cases.push({ shape, old: null, proposed, taken: takenBy(proposed, existing) })
  if (table === 'buckets') for (const old of existing) cases.push({ shape: 'update', old, proposed: null, taken: null })
  else {
    for (const proposed of proposals) {
      const taken = takenBy(proposed, existing)
      const moved = random.pick(existing)
      cases.push({ shape: 'update', old: moved, proposed, taken: taken === moved ? null : taken })
      // A row that is changed where it is.
      if (taken !== null) cases.push({ shape: 'update', old: taken, proposed, taken: null })
      for (const shape of ['copy', 'copy-upsert'] as const) cases.push({ shape, old: random.pick(existing), proposed, taken })
    }
  }
  cases.push({ shape: 'list', old: null, proposed: null, taken: null })
  return cases
}

function takenBy({ row }: WorldRow, existing: readonly WorldRow[]): WorldRow | null {
  return existing.find((each) => each.row.bucket_id === row.bucket_id && each.row.name === row.name) ?? null
}
