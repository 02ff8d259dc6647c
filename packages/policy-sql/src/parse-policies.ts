import type { Relation, RowPolicy } from '@stowage/core/policy'
import { hasSqlDetails, type Node, parse, type RawStmt } from 'libpg-query'
import type { PolicyWarning } from './policy-warning.ts'
import { PolicySet } from './policy-set.ts'
import { Refusal } from './refusal.ts'
import { RelationRegistry } from './relation-registry.ts'
import { SourceText } from './source-text.ts'
import { type SourcePlace, UnsupportedPolicyError } from './unsupported-policy-error.ts'

/** The longest text of policies that is read, in bytes of UTF-8. */
export const POLICY_TEXT_BYTES_MAX = 4_194_304

/** What a text of policies may refer to. */
export interface PolicyTextOptions {
  /** The tables that policies may look into. Default: none. */
  readonly relations?: readonly Relation[]
}

/** A statement that says nothing of our policies. */
export interface PassedStatement {
  readonly statement: string
  readonly place: SourcePlace
  /** Why nothing was made of it. */
  readonly reason: string
}

/** What a text of policies says. */
export interface ParsedPolicies {
  /** Those that are there after the last statement, in the order in which they were made, each with the text it was read from. */
  readonly policies: readonly RowPolicy[]
  /** What was read as written and may not be meant. */
  readonly warnings: readonly PolicyWarning[]
  /** Every statement of which nothing was made. */
  readonly passedOver: readonly PassedStatement[]
}

/**
 * Reads the policies of `storage.objects` and `storage.buckets` out of SQL, by Postgres' own grammar: `CREATE POLICY`, and `ALTER`, `DROP`
 * and `RENAME` of those made before in the same text. Throws `UnsupportedPolicyError` at the first that cannot be expressed, that Postgres
 * would refuse, or that changes policies in a way that is not followed: all or nothing.
 */
export async function parsePolicies(sql: string, options: PolicyTextOptions = {}): Promise<ParsedPolicies> {
  const text = new SourceText(sql)
  if (text.length > POLICY_TEXT_BYTES_MAX) throw wholeText(sql, `a text of more than ${POLICY_TEXT_BYTES_MAX} bytes`)
  // The parser ends a text at a NUL, and says nothing of the rest.
  if (sql.includes('\0'))
    throw refused(text, { from: 0, to: text.length }, new Refusal(Buffer.byteLength(sql.slice(0, sql.indexOf('\0'))), 'a NUL in the text'))
  const set = new PolicySet(new RelationRegistry(options.relations ?? []))
  const passedOver: PassedStatement[] = []
  for (const raw of await statements(sql, text)) {
    const { stmt, from, to } = raw
    const statement = text.slice(from, to)
    try {
      const reason = set.apply(stmt, statement)
      if (reason !== null) passedOver.push({ statement, place: text.place(from), reason })
    } catch (error) {
      if (error instanceof Refusal) throw refused(text, raw, error)
      throw error
    }
  }
  const warnings = set.warnings.map(({ kind, policy, at, message }) => ({ kind, policy, place: text.place(at), message }))
  return { policies: set.policies, warnings, passedOver }
}

interface Span {
  readonly from: number
  readonly to: number
}

interface Statement extends Span {
  readonly stmt: Node
}

async function statements(sql: string, text: SourceText): Promise<readonly Statement[]> {
  // Of nothing the parser makes an error.
  if (sql.trim() === '') return []
  let parsed: readonly RawStmt[]
  try {
    parsed = (await parse(sql)).stmts ?? []
  } catch (error) {
    throw syntaxError(sql, text, error)
  }
  return parsed.flatMap(({ stmt, stmt_location: start = 0, stmt_len: length }) => {
    // The last statement has no length: it ends with the text.
    const to = length === undefined || length === 0 ? text.length : start + length
    return stmt === undefined ? [] : [{ stmt, from: text.skipBlank(start), to }]
  })
}

function syntaxError(sql: string, text: SourceText, error: unknown): UnsupportedPolicyError {
  // The parser counts characters here, and bytes elsewhere.
  const position = hasSqlDetails(error) ? (error.sqlDetails?.cursorPosition ?? 0) : 0
  const at = Buffer.byteLength(Array.from(sql).slice(0, position).join(''))
  const reason = hasSqlDetails(error) ? error.message : 'a text that nests too deeply for the parser'
  return refused(text, { from: 0, to: text.length }, new Refusal(at, reason))
}

function refused(text: SourceText, { from, to }: Span, refusal: Refusal): UnsupportedPolicyError {
  return new UnsupportedPolicyError({
    statement: text.slice(from, to),
    place: text.place(refusal.at ?? from),
    reason: refusal.message,
    fix: refusal.fix,
  })
}

function wholeText(sql: string, reason: string): UnsupportedPolicyError {
  return new UnsupportedPolicyError({ statement: sql.slice(0, 100), place: { line: 1, column: 1 }, reason, fix: null })
}
