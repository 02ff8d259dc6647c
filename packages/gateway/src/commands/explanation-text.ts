import { isDeepStrictEqual } from 'node:util'
import type { ExplainedClause, ExplainedCondition, ExplainedGround, ExplainedPolicy, ExplainedQuestion } from '@stowage/core'
import { createPolicySql } from '@stowage/core/policy'
import type { ExplainWish, SupposedCaller } from '../administration/explain-wish.ts'
import type { ShownExplanation } from '../administration/policy-administration.ts'

/** Values that are longer are cut. Characters. */
const VALUE_LENGTH_MAX = 200
const PREDICATE_LENGTH_MAX = 1_000
const USING = ' USING ('
const USING_END = ');'
const ROWS = {
  existing: 'the object that is there',
  proposed: 'the object as proposed',
  final: 'the object as it would be written',
} as const

/** An explanation as a person reads it: the verdict, why, everything that had a say, and the values that were seen. Ends with a line feed. */
export function explanationText(wish: ExplainWish, { allowed, questions, context }: ShownExplanation): string {
  const lines = [`${allowed ? 'Allowed' : 'Refused'}: ${requestText(wish)}, ${callerText(wish.caller)}`]
  for (const question of questions) lines.push('', ...questionLines(question))
  lines.push('', 'The caller and the request', ...valueLines(context))
  return `${lines.join('\n')}\n`
}

/** Whether nothing was decided: there is no such object, and only its row would have told. */
export function isUndecided({ questions }: ShownExplanation): boolean {
  return questions.some(isUndecidedQuestion)
}

function requestText({ operation, bucket, key, prefix }: ExplainWish): string {
  const where = bucket.jurisdiction === undefined ? bucket.name : `${bucket.name} (${bucket.jurisdiction})`
  if (key !== null) return `${operation} of '${key}' in ${where}`
  return `${operation} of ${where}${prefix === null ? '' : `, under '${prefix}'`}`
}

function callerText(caller: SupposedCaller): string {
  switch (caller.kind) {
    case 'anonymous':
      return 'by nobody known'
    case 'account':
      return `by the account ${caller.account}`
    case 'key':
      return `by the access key ${caller.accessKeyId}`
    case 'role':
      return `by ${caller.sub === null ? 'nobody named' : `'${caller.sub}'`} as ${caller.role} of the account ${caller.account}`
  }
}

function questionLines(question: ExplainedQuestion): readonly string[] {
  const { action, side, allowed, withinScope, grounds, conditions, rows, refusalLooks } = question
  const looks = allowed ? '' : refusalLooks === 'absent' ? ', and looks as if it were not there' : ', and looks forbidden'
  return [
    `${action}${side === 'source' ? ' of the source' : ''}: ${allowed ? 'allowed' : 'refused'}${looks}`,
    `  because ${reason(question)}`,
    `  scope of the credential: ${withinScope ? 'reaches it' : 'does not reach it; nothing else was asked'}`,
    ...grounds.flatMap(groundLines),
    ...conditions.flatMap((condition) => [`  must be true of ${conditionText(condition)}`, `      ${predicateText(condition, action)}`]),
    ...rowLines(rows, action),
  ]
}

/** What would be written differs little from what was proposed. */
function rowLines({ existing, proposed, final }: ExplainedQuestion['rows'], action: string): readonly string[] {
  const lines = (what: string, row: object | null): readonly string[] =>
    row === null ? [] : [`  ${what}`, ...valueLines(row).map((line) => `  ${line}`)]
  const known = proposed ?? {}
  const measured = final === null ? null : Object.fromEntries(Object.entries(final).filter(([name, value]) => !isSame(known, name, value)))
  return [
    ...lines(action.startsWith('bucket.') ? 'the bucket' : ROWS.existing, existing),
    ...lines(ROWS.proposed, proposed),
    ...lines(proposed === null ? ROWS.final : `${ROWS.final}: the same, but`, measured),
  ]
}

function isSame(row: object, name: string, value: unknown): boolean {
  return isDeepStrictEqual((row as Readonly<Record<string, unknown>>)[name], value)
}

/** What decided, in the order in which the engine hears it: denials, the owner, what is public, allowances, row-level security. */
function reason(question: ExplainedQuestion): string {
  const { allowed, withinScope, grounds } = question
  if (!withinScope) return 'the scope of the credential does not reach it'
  const statement = grounds.find((ground) => ground.kind === 'statement' && ground.effect === (allowed ? 'Allow' : 'Deny'))
  if (!allowed && statement?.kind === 'statement') return `${statementText(statement)} denies it`
  if (!allowed) return rowReason(question)
  const owner = grounds.find(({ kind }) => kind === 'owner')
  if (owner?.kind === 'owner') return `the bucket belongs to the account ${owner.account}`
  if (grounds.some(({ kind }) => kind === 'public-bucket')) return 'objects of a public bucket are for everybody to read'
  if (statement?.kind === 'statement') return `${statementText(statement)} allows it`
  if (isUndecidedQuestion(question))
    return 'there is no such object: nothing to hold the policies against, and the caller hears that there is none'
  return question.conditions.some(({ verdict }) => verdict === 'each row')
    ? 'row-level security shows those rows of which its condition is true'
    : 'row-level security lets it through'
}

/** Of the rows whose condition was not true: the first policy that refuses them, or the first command that nothing lets through. */
function rowReason({ grounds, conditions, rows }: ExplainedQuestion): string {
  const groups = grounds.filter((ground) => ground.kind === 'row-policies')
  if (groups.length === 0)
    return 'nothing allows it: no statement of a bucket policy, no ownership, no row-level policy that could be asked'
  const refused = conditions.filter(({ verdict }) => verdict !== true)
  for (const { verdict, row } of refused) {
    if (typeof verdict === 'object' && verdict !== null) return `a policy failed over ${ROWS[row]}: ${oneLine(verdict.failed)}`
  }
  const over = new Set(refused.map(({ row }) => row))
  for (const { policies, role, command, table } of groups) {
    // What is not there is not changed.
    if (command === 'update' && rows.existing === null) continue
    const restrictive = policies.find(({ mode, clauses }) => mode === 'restrictive' && clauses.some(refusesOneOf(over)))
    if (restrictive !== undefined) return `the restrictive policy '${restrictive.name}' is not true`
    const permissive = policies.filter(({ mode }) => mode === 'permissive')
    if (permissive.length === 0) return `no permissive policy lets the role ${role} ${command} ${table}`
    for (const row of over) {
      const verdicts = permissive.flatMap(({ clauses }) => clauses.filter((clause) => clause.row === row))
      if (verdicts.length > 0 && verdicts.every(({ verdict }) => verdict !== true))
        return `no permissive policy lets the role ${role} ${command} ${ROWS[row]}`
    }
  }
  return 'no row could be let through'
}

function refusesOneOf(rows: ReadonlySet<string>): (clause: ExplainedClause) => boolean {
  return ({ row, verdict }) => rows.has(row) && verdict !== true
}

function isUndecidedQuestion({ action, allowed, withinScope, grounds, conditions }: ExplainedQuestion): boolean {
  if (!allowed || !withinScope || conditions.length > 0 || (action !== 'object.read' && action !== 'object.delete')) return false
  return grounds.every(({ kind }) => kind === 'row-policies')
}

function groundLines(ground: ExplainedGround): readonly string[] {
  switch (ground.kind) {
    case 'owner':
      return [`  ownership: the bucket belongs to the account ${ground.account}`]
    case 'public-bucket':
      return ['  the bucket is public']
    case 'statement':
      return [`  bucket policy: ${statementText(ground)} says ${ground.effect} to ${ground.action}`]
    case 'row-policies': {
      const head = `  row-level security: ${ground.command} on ${ground.table}, role ${ground.role}`
      return ground.policies.length === 0 ? [`${head}: no policy`] : [head, ...ground.policies.flatMap(policyLines)]
    }
  }
}

function statementText({ sid }: { readonly sid: string | null }): string {
  return sid === null ? 'a statement without a Sid' : `the statement '${sid}'`
}

function policyLines({ name, mode, source, clauses }: ExplainedPolicy): readonly string[] {
  return [
    `    ${mode} '${name}'${clauses.length === 0 ? ': no row to hold it against' : ''}`,
    ...clauses.map((clause) => `      ${clauseText(clause)}`),
    ...(source === null ? [] : [`      ${oneLine(source)}`]),
  ]
}

function clauseText({ clause, row, verdict }: ExplainedClause): string {
  return `${clause === 'using' ? 'USING' : 'WITH CHECK'} over ${ROWS[row]}: ${verdictText(verdict)}`
}

function conditionText({ row, verdict }: ExplainedCondition): string {
  return verdict === 'each row' ? 'each row that is listed' : `${ROWS[row]}: ${verdictText(verdict)}`
}

/** The condition as SQL, with the constants of the request in it. */
function predicateText({ predicate }: ExplainedCondition, action: string): string {
  const table = action.startsWith('bucket.') ? 'buckets' : 'objects'
  const sql = createPolicySql({ name: 'c', table, mode: 'permissive', command: 'select', roles: ['public'], using: predicate })
  const text = sql.slice(sql.indexOf(USING) + USING.length, -USING_END.length)
  return oneLine(text.replaceAll('OPERATOR(pg_catalog.=)', '=').replaceAll('pg_catalog.', ''), PREDICATE_LENGTH_MAX)
}

function verdictText(verdict: ExplainedClause['verdict']): string {
  if (verdict === null) return 'unknown, which refuses'
  return typeof verdict === 'object' ? `it failed, which refuses: ${oneLine(verdict.failed)}` : String(verdict)
}

/** What is null tells nothing. */
function valueLines(values: object): readonly string[] {
  const entries = Object.entries(values).filter(([, value]) => value !== null && value !== undefined)
  return entries.map(([name, value]) => `  ${name} = ${oneLine(valueText(name, value))}`)
}

function valueText(name: string, value: unknown): string {
  if (name.endsWith('_at') && typeof value === 'number') return new Date(value).toISOString()
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value)
}

function oneLine(text: string, lengthMax: number = VALUE_LENGTH_MAX): string {
  // What users wrote must not move the cursor of a terminal.
  // oxlint-disable-next-line no-control-regex
  const line = text.replaceAll(/\s+/g, ' ').replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?')
  return line.length > lengthMax ? `${line.slice(0, lengthMax)}…` : line
}
