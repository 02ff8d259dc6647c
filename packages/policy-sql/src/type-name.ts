import type { TypeName } from 'libpg-query'
import { ownName } from './name-parts.ts'
import { Refusal } from './refusal.ts'
import { placeOf, type SqlType } from './typed.ts'

const TYPES: Readonly<Record<string, SqlType>> = {
  bool: 'bool',
  text: 'text',
  varchar: 'text',
  int4: 'int',
  int8: 'bigint',
  float8: 'num',
  uuid: 'uuid',
  jsonb: 'jsonb',
  timestamptz: 'timestamptz',
}

const FIXES: Readonly<Record<string, string>> = {
  numeric: 'use ::bigint or ::double precision',
  int2: 'use ::integer',
  float4: 'use ::double precision',
  timestamp: 'use ::timestamptz',
  date: 'use ::timestamptz',
  bpchar: 'use ::text',
  json: 'use ::jsonb',
}

/** The type that a cast names. Refuses those that predicates do not have, and lengths. */
export function sqlTypeOf(type: TypeName): SqlType {
  const at = placeOf(type)
  const name = ownName(type.names, at)
  const known = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined
  if (known === undefined) throw new Refusal(at, `a cast to ${name}`, Object.hasOwn(FIXES, name) ? FIXES[name] : null)
  if ((type.typmods ?? []).length > 0 || type.setof === true || type.pct_type === true)
    throw new Refusal(at, `a cast to ${name} of a length`, 'leave the length out')
  if ((type.arrayBounds ?? []).length === 0) return known
  if (known !== 'text' || type.arrayBounds?.length !== 1) throw new Refusal(at, `a cast to ${name}[]`, 'use ::text[]')
  return 'text[]'
}
