import { StorageError } from '../errors/storage-error.ts'
import { parsePredicate, type ParsePredicateOptions } from './predicate-parse.ts'
import { isStorableText } from './storable-json.ts'
import { PUBLIC_ROLE, type PolicyCommand, type PolicyTable, type RowPolicy } from './row-policy.ts'

/** How many row-level policies one namespace may have. */
export const ROW_POLICIES_MAX = 1_000
/** How long the name of a policy may be: as long as Postgres lets it be. */
const NAME_BYTES_MAX = 63
const ROLES_MAX = 100
const SOURCE_LENGTH_MAX = 16_384

const FIELDS = ['name', 'table', 'mode', 'command', 'roles', 'using', 'check', 'source']
const TABLES: readonly PolicyTable[] = ['objects', 'buckets']
const MODES = ['permissive', 'restrictive'] as const
const COMMANDS: readonly PolicyCommand[] = ['all', 'select', 'insert', 'update', 'delete']

/**
 * Takes a row-level policy that somebody wrote apart. Throws `InvalidArgument`, with the place, for whatever Postgres would not take for
 * one, and for whatever is not known: nothing is dropped; relations are known as far as `options` names them. Postgres: sql-createpolicy.
 */
export function parseRowPolicy(value: unknown, place: string, options: ParsePredicateOptions = {}): RowPolicy {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(place, 'is not an object')
  const fields = value as Readonly<Record<string, unknown>>
  for (const name of Object.keys(fields)) if (!FIELDS.includes(name)) throw invalid(`${place}.${name}`, 'is not a field of a policy')
  const table = oneOf(fields['table'], TABLES, `${place}.table`)
  const command = oneOf(fields['command'], COMMANDS, `${place}.command`)
  const { using, check, source } = fields
  const policy: RowPolicy = {
    name: nameOf(fields['name'], `${place}.name`),
    table,
    mode: oneOf(fields['mode'], MODES, `${place}.mode`),
    command,
    roles: rolesOf(fields['roles'], `${place}.roles`),
    ...(using === undefined ? {} : { using: parsePredicate(using, `${place}.using`, options) }),
    ...(check === undefined ? {} : { check: parsePredicate(check, `${place}.check`, options) }),
    ...(source === undefined ? {} : { source: sourceOf(source, `${place}.source`) }),
  }
  checkExpressions(policy, place)
  return policy
}

function checkExpressions({ command, using, check }: RowPolicy, place: string): void {
  if (command === 'insert' && using !== undefined) throw invalid(`${place}.using`, 'is not of an insert: only check is')
  if ((command === 'select' || command === 'delete') && check !== undefined) {
    throw invalid(`${place}.check`, `is not of a ${command}: only using is`)
  }
  if (using === undefined && check === undefined) throw invalid(place, 'has neither using nor check, and would say nothing')
}

function nameOf(value: unknown, place: string): string {
  if (typeof value !== 'string' || value === '' || Buffer.byteLength(value) > NAME_BYTES_MAX || !isStorableText(value)) {
    throw invalid(place, `is not a name of 1 to ${NAME_BYTES_MAX} bytes`)
  }
  return value
}

/** Whether there are such roles is for the set to say, which knows them. */
function rolesOf(value: unknown, place: string): readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > ROLES_MAX) {
    throw invalid(place, `is not a list of 1 to ${ROLES_MAX} roles: '${PUBLIC_ROLE}' is everybody`)
  }
  return value.map((role: unknown, at) => {
    if (typeof role !== 'string') throw invalid(`${place}[${at}]`, 'is not a text')
    return role
  })
}

function sourceOf(value: unknown, place: string): string {
  if (typeof value !== 'string' || value.length > SOURCE_LENGTH_MAX || !isStorableText(value)) {
    throw invalid(place, `is not a text of at most ${SOURCE_LENGTH_MAX} characters`)
  }
  return value
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[], place: string): T {
  const found = allowed.find((each) => each === value)
  if (found === undefined) throw invalid(place, `is none of ${allowed.join(', ')}`)
  return found
}

function invalid(argument: string, reason: string): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument, reason })
}
