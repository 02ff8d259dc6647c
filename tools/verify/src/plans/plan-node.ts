/** A step of a plan, as `EXPLAIN (FORMAT JSON)` says it. */
export interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Cond'?: string
  readonly Filter?: string
  readonly Plans?: readonly PlanNode[]
}

/** Tables that have a row a process, a job, or one altogether. */
const SMALL: ReadonlySet<string> = new Set(['processes', 'jobs', 'policy_state', 'schema_migrations', 'commit_sequence'])
/** What gives back few rows, however many there are: a page, the list that a command carries, nothing. */
const BOUNDED: ReadonlySet<string> = new Set(['Limit', 'Function Scan', 'Result'])
/** What belongs to one object or upload, the documents of a kind, and what processes have reserved ahead: few, whatever is stored. */
const OF_ONE = /\b(?:manifest_id|kind) = |state = 'reserved'/

/** What is wrong with a plan where tables are large; null where nothing is. */
export function findProblem(node: PlanNode, isLimited = false): string | null {
  const { 'Node Type': type, 'Relation Name': table = '', Plans: below = [] } = node
  // Whether there is anything at all is asked of a page.
  const isGlance = isLimited && node.Filter === undefined
  if (type === 'Seq Scan' && !SMALL.has(table) && !isGlance) return `reads the whole of ${table}`
  // Under a limit a walk in the order of an index may be the very page; elsewhere it is the whole table in another order.
  const isWalk = /^Index (?:Only )?Scan$/.test(type) && node['Index Cond'] === undefined && !SMALL.has(table)
  if (isWalk && !isLimited) return `walks over the whole of ${table}`
  if (type.endsWith('Sort') && !below.some(isBounded)) return 'sorts what may be any number of rows'
  for (const each of below) {
    const problem = findProblem(each, isLimited || type === 'Limit')
    if (problem !== null) return problem
  }
  return null
}

function isBounded({ 'Node Type': type, 'Index Cond': condition = '', Plans: below = [] }: PlanNode): boolean {
  return BOUNDED.has(type) || OF_ONE.test(condition) || below.some(isBounded)
}

/** A plan on a line. */
export function planText({ 'Node Type': type, 'Relation Name': table, 'Index Cond': condition, Plans: below = [] }: PlanNode): string {
  const self = [type, table, condition].filter((word) => word !== undefined).join(' ')
  return below.length === 0 ? self : `${self} (${below.map(planText).join('; ')})`
}
