import { bucketPolicyRow, objectPolicyRow } from '../../../packages/core/src/policy/predicate-row.ts'
import type { PolicyTable } from '../../../packages/core/src/policy/row-policy.ts'
import { BUCKETS, KEYS, MEMBER_TEXTS, RELATIONS, TEXTS, TIMES, USERS } from './pools.ts'
import type { Random } from './random.ts'
import type { World, WorldRow } from './world.ts'

const EXISTING = 12
const PROPOSALS = 9

/** Rows that are there, rows as they would be, and rows of relations. */
export function generateWorld(random: Random, table: PolicyTable): World {
  const relations = Object.fromEntries(RELATIONS.map(({ name, columns }) => [name, relationRows(random, Object.keys(columns), columns)]))
  if (table === 'buckets') {
    const names = BUCKETS.map(({ name }) => name)
    const existing = names.map((name, at) => bucketRow(random, name, at))
    const proposals = [...names.slice(0, 1), 'b', 'ab', 'admin', 'red'].map((name, at) => bucketRow(random, name, 100 + at))
    return { table, existing, proposals, relations }
  }
  const existing = new Map<string, WorldRow>()
  while (existing.size < EXISTING) {
    const made = objectRow(random, existing.size)
    const place = `${String(made.row.bucket_id)} ${String(made.row.name)}`
    if (!existing.has(place)) existing.set(place, made)
  }
  const rows = [...existing.values()]
  // Half of them under keys that are taken.
  const proposals = Array.from({ length: PROPOSALS }, (_, at) => objectRow(random, 100 + at, at % 2 === 0 ? random.pick(rows) : null))
  return { table, existing: rows, proposals, relations }
}

function objectRow(random: Random, id: number, at: WorldRow | null = null): WorldRow {
  const bucket = at === null ? random.pick(BUCKETS) : (BUCKETS.find(({ name }) => name === at.row.bucket_id) ?? BUCKETS[0])
  const facts = {
    key: at === null ? random.pick(KEYS) : String(at.row.name),
    ownerId: random.oneIn(6) ? null : random.pick(random.oneIn(4) ? TEXTS : USERS),
    versionId: random.oneIn(3) ? random.pick(['null', 'v1', 'V1']) : random.pick(USERS),
    createdAt: new Date(random.pick(TIMES)),
    size: random.pick([0, 1, 12, 100_000, 4_294_967_296]),
    etag: random.pick(TEXTS),
    headers: random.oneIn(4) ? {} : { contentType: random.pick(TEXTS) },
    userMetadata: Object.fromEntries(
      random.some(
        0,
        3,
        () => [random.pick(['a', 'n', 'team', "'", '"', '$', '0']), random.pick(random.oneIn(2) ? MEMBER_TEXTS : TEXTS)] as const,
      ),
    ),
  }
  const stored = {
    key: facts.key,
    version_id: facts.versionId,
    content_type: facts.headers.contentType ?? null,
    user_metadata: Object.keys(facts.userMetadata).length === 0 ? null : JSON.stringify(facts.userMetadata),
    owner_id: facts.ownerId,
    legal_hold: 0,
    created_at: facts.createdAt.getTime(),
    sequence: id,
    manifest_id: id,
    size: facts.size,
    etag: facts.etag,
  }
  return { id, row: objectPolicyRow(bucket, facts), stored }
}

function bucketRow(random: Random, name: string, id: number): WorldRow {
  const known = BUCKETS.find((bucket) => bucket.name === name)
  const account = known?.account ?? random.pick(['acme', ...USERS])
  const open = known?.public ?? random.oneIn(2)
  const createdAt = new Date(random.pick(TIMES))
  const bucket = { id: String(id), name, jurisdiction: 'default', account, public: open, versioning: 'off', createdAt } as const
  return {
    id,
    row: bucketPolicyRow(bucket),
    stored: {
      id: String(id),
      jurisdiction: `j${id}`,
      name,
      account,
      public: open ? 1 : 0,
      versioning: 'off',
      created_at: createdAt.getTime(),
    },
  }
}

function relationRows(
  random: Random,
  names: readonly string[],
  columns: Readonly<Record<string, { readonly type: string }>>,
): readonly Readonly<Record<string, unknown>>[] {
  return random.some(0, 6, () =>
    Object.fromEntries(names.map((name) => [name, random.oneIn(5) ? null : value(random, name, columns[name]?.type ?? 'text')])),
  )
}

function value(random: Random, name: string, type: string): string | number | boolean {
  switch (type) {
    case 'uuid':
      return random.pick(USERS)
    case 'int':
      return random.pick([0, 1, 12])
    case 'bigint':
      return random.pick(['0', '12', '4294967296', '9007199254740993'])
    case 'bool':
      return random.oneIn(2)
    case 'timestamptz':
      return random.pick(TIMES)
    default:
      return random.pick(name === 'path' || name === 'name' ? KEYS : random.oneIn(2) ? USERS : TEXTS)
  }
}
