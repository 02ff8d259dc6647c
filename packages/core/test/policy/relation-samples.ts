import * as fc from 'fast-check'
import type { RelationRows } from '../../src/policy/evaluate-predicate.ts'
import type { ExpressionType } from '../../src/policy/predicate-type.ts'
import type { Predicate, RelationColumnType } from '../../src/policy/predicate.ts'
import type { Relation } from '../../src/policy/relation.ts'
import { insertRows, type RawDatabase } from '../raw-databases.ts'

const COLUMNS: Readonly<Record<string, RelationColumnType>> = {
  team: 'text',
  user_id: 'text',
  level: 'int',
  amount: 'bigint',
  active: 'bool',
  ident: 'uuid',
  until: 'timestamptz',
}

/** A relation with a column of every type, each of which may be null. */
export const MEMBERS: Relation = {
  name: 'members',
  kept: 'engine',
  columns: Object.fromEntries(Object.entries(COLUMNS).map(([name, type]) => [name, { type, nullable: true }])),
  indexes: [['team', 'user_id']],
}

/** What predicates of `arbitraryPredicate` may look into. */
export const RELATIONS: readonly Relation[] = [MEMBERS]

const UUID = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'
const ROWS = [
  { team: 'a', user_id: 'b', level: 1, amount: '9007199254740993', active: true, ident: UUID, until: 12 },
  { team: 'ä', user_id: '', level: 2_147_483_647, amount: '-1', active: false, ident: 'ffffffff-ffff-ffff-ffff-ffffffffffff', until: 0 },
  { team: 'a', user_id: null, level: 12, amount: null, active: null, ident: null, until: 4_294_967_296 },
  { team: null, user_id: 'A', level: null, amount: '12', active: true, ident: UUID, until: null },
] as const

/** Its rows, as `evaluateWithin` takes them. */
export const RELATION_ROWS: RelationRows = { [MEMBERS.name]: ROWS }

/** A column of the relation that has this type; null where it has none. */
export function arbitraryRelationColumn(alias: string, type: ExpressionType): fc.Arbitrary<Predicate> | null {
  const names = Object.keys(COLUMNS).filter((name) => COLUMNS[name] === type)
  const [first] = names
  const t = first === undefined ? undefined : COLUMNS[first]
  return t === undefined ? null : fc.constantFrom(...names).map((n): Predicate => ({ k: 'rcol', alias, n, t }))
}

const TYPES: Readonly<Record<RawDatabase['dialect']['name'], Readonly<Record<RelationColumnType, string>>>> = {
  sqlite: { bool: 'INTEGER', text: 'TEXT', int: 'INTEGER', bigint: 'INTEGER', uuid: 'TEXT', timestamptz: 'INTEGER' },
  postgres: { bool: 'boolean', text: 'text COLLATE "C"', int: 'integer', bigint: 'bigint', uuid: 'uuid', timestamptz: 'timestamptz' },
}

/** Makes the table of `MEMBERS` with its rows, as the engine keeps relations: on SQLite flags are 0 and 1, and times milliseconds. */
export async function createMembers(database: RawDatabase): Promise<void> {
  const table = '"relation_members"'
  const { name } = database.dialect
  const columns = Object.entries(COLUMNS).map(([column, type]) => `"${column}" ${TYPES[name][type]}`)
  await database.query({ sql: `CREATE TABLE ${table} (${columns.join(', ')})`, values: [] })
  const stored = ROWS.map((row) => ({
    ...row,
    amount: row.amount === null ? null : BigInt(row.amount),
    active: row.active === null || name === 'postgres' ? row.active : Number(row.active),
    until: row.until === null || name === 'sqlite' ? row.until : new Date(row.until).toISOString(),
  }))
  await insertRows(database, table, stored)
}
