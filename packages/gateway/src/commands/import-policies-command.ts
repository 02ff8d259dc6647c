import type { Relation } from '@stowage/core'
import type { ParsedPolicies } from '@stowage/policy-sql'
import type { CliContext } from './cli-context.ts'
import { EXIT } from './cli-context.ts'
import { loadPolicySql } from './load-policy-sql.ts'
import type { ImportedPolicy } from '../administration/policy-administration.ts'
import { askForPolicies, listed } from './policies-command.ts'
import type { PolicyCommandOptions } from './policies-command.ts'
import { readRelations } from './read-relations.ts'
import { readText } from './read-text.ts'

/** What `stowage policies import` was told. */
export interface ImportPoliciesOptions extends PolicyCommandOptions {
  /** The file of SQL. Null with `from`. */
  readonly file: string | null
  /** The Postgres whose policies are read. Default: none, but the file. */
  readonly from?: string
  /** A file of tables that policies may look into, as JSON. Default: those that there are. */
  readonly relations?: string
  /** Whether policies that are not among them go. */
  readonly replace?: boolean
  /** Only says what would become of it. */
  readonly dryRun?: boolean
}

const CONNECT_MILLISECONDS = 10_000
const STATEMENT_LENGTH_MAX = 60

/** Reads row-level policies from SQL, or from a Postgres, and puts them: all of them or none. */
export async function importPoliciesCommand(options: ImportPoliciesOptions, context: CliContext): Promise<number> {
  const { file, from, replace = false, dryRun = false } = options
  const name = file ?? 'the database'
  const given = options.relations === undefined ? [] : await readRelations(options.relations)
  const before = (await listed(options, context)).relations.filter((relation) => !given.some((one) => one.name === relation.name))
  const relations = [...given, ...before]
  const parsed = from === undefined ? await readFilePolicies(file ?? '', relations) : await readDatabasePolicies(from, relations)
  const { policies, warnings, passedOver } = parsed
  const answer = await askForPolicies({ do: 'import', policies, relations: given, replace, dryRun }, options, context)
  if (!('imported' in answer)) throw new Error('The server answered something else than policies: it is of another version.')
  const { imported } = answer
  const readable = options.json !== true && context.stdout.isTTY === true
  context.stdout.write(
    readable
      ? importText({ imported, warnings, passedOver }, { name, dryRun })
      : `${JSON.stringify({ dryRun, imported, warnings, passedOver })}\n`,
  )
  return EXIT.ok
}

/** What an import says of itself, for people. */
export function importText(
  { imported, warnings, passedOver }: Pick<ParsedPolicies, 'warnings' | 'passedOver'> & { readonly imported: readonly ImportedPolicy[] },
  { name, dryRun }: { readonly name: string; readonly dryRun: boolean },
): string {
  const lines = imported.map(({ outcome, table, name: policy }) => `${outcome.padEnd(9)}   ${table.padEnd(7)}   ${policy}`)
  for (const { place, policy, message } of warnings)
    lines.push(`${name}:${place.line}:${place.column}: warning, in '${policy}': ${message}`)
  for (const { place, reason, statement } of passedOver) {
    const short = statement.replaceAll(/\s+/g, ' ').slice(0, STATEMENT_LENGTH_MAX)
    lines.push(`${name}:${place.line}:${place.column}: passed over, ${reason}: ${short}`)
  }
  if (imported.length === 0) lines.push(`There are no policies of storage.objects or storage.buckets in ${name}.`)
  if (dryRun) lines.push('Nothing was changed: this was a dry run.')
  return lines.map((line) => `${line}\n`).join('')
}

async function readFilePolicies(file: string, relations: readonly Relation[]): Promise<ParsedPolicies> {
  const { parsePolicies } = await loadPolicySql()
  return parsePolicies(await readText(file), { relations }).catch((error: unknown) => refuse(error, `${file}:`))
}

/** Reads, and changes nothing there. */
async function readDatabasePolicies(url: string, relations: readonly Relation[]): Promise<ParsedPolicies> {
  if (!/^postgres(?:ql)?:\/\//.test(url)) throw new Error('--from is a URL that begins with postgres://.')
  const [{ readPolicies }, { Client }] = await Promise.all([loadPolicySql(), import('pg')])
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MILLISECONDS, application_name: 'stowage' })
  // A connection that breaks is heard of by whoever asks next.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await readPolicies(client, { relations }).catch((error: unknown) => refuse(error, 'The policies of the database: '))
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** What cannot be expressed: the place, the reason, and the statement that it stands in. */
function refuse(error: unknown, where: string): never {
  if (!(error instanceof Error) || error.name !== 'UnsupportedPolicyError') throw error
  const { statement } = error as Error & { readonly statement: string }
  throw new Error(`${where}${error.message}\n\n${statement.trim()}\n\nNothing was changed.`, { cause: error })
}
