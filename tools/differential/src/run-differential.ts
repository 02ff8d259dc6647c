import type { Pool } from 'pg'
import { foldPredicate } from '../../../packages/core/src/policy/fold-predicate.ts'
import { canFail } from '../../../packages/core/src/policy/predicate-can-fail.ts'
import type { Predicate } from '../../../packages/core/src/policy/predicate.ts'
import type { RowPolicy } from '../../../packages/core/src/policy/row-policy.ts'
import { bindContext } from './bind-context.ts'
import { casesOf } from './cases.ts'
import { commandsOf, conditionsIn, Coverage, type CoverageTable, kindsOf } from './coverage.ts'
import { Decider, outcomeOf, type Plan, possibleOutcomes, type Step } from './decide.ts'
import { generatePolicies } from './generate-policies.ts'
import { generateWorld } from './generate-world.ts'
import { evaluateInJs, jsJudge } from './js-judge.ts'
import type { Judge, Truth } from './judge.ts'
import type { Outcome } from './outcome.ts'
import { hasFailingQuery, possibleValues } from './possible-values.ts'
import { generatePrincipal } from './principals.ts'
import { Random } from './random.ts'
import { postgresJudge, sqliteJudge } from './store-judge.ts'
import { SupabaseJudge } from './supabase-judge.ts'
import type { Case, PolicyRound, Principal, World, WorldRow } from './world.ts'

/** Sets of policies that are held against the same rows. */
const ROUNDS_PER_WORLD = 4
const PRINCIPALS_PER_ROUND = 2
/** Conditions of one side of a policy that are asked about alone. */
const PROBES_MAX = 3
/** A run goes on for so many times its decisions where an outcome of the table is still to be met. */
const OVERTIME = 2
/** So many mismatches are kept; the rest is counted. */
const MISMATCHES_KEPT = 10

/** Two judges that did not agree. */
export interface Mismatch {
  readonly what: string
  readonly said: Readonly<Record<string, unknown>>
  readonly principal: Principal
  readonly policies: PolicyRound['policies']
}

/** How a run went. */
export interface DifferentialReport {
  readonly decisions: number
  /** Conditions that were asked about alone, per row: beside the decisions. */
  readonly probes: number
  /** Decisions over rows on which something fails, where Postgres may choose what it evaluates first. */
  readonly free: number
  /** Statements that Postgres itself could not plan. */
  readonly unplanned: number
  /** How often each kind of statement ended how. */
  readonly outcomes: ReadonlyMap<string, number>
  readonly mismatches: number
  readonly examples: readonly Mismatch[]
  readonly coverage: Coverage
  /** The cells of the table that no condition filled. */
  readonly missing: readonly string[]
  /** Rows that the USING of a policy let through and its CHECK did not, and the other way round. */
  readonly usingOnly: number
  readonly checkOnly: number
}

/** What a run needs. */
export interface DifferentialOptions {
  readonly decisions: number
  readonly seed: number
  /** Of a Postgres in which nothing is yet. */
  readonly pool: Pool
  /** What a run must have met. */
  readonly table: CoverageTable
  /** Whether the first mismatch ends the run. */
  readonly stop: boolean
}

/** Holds our evaluator, what it is compiled to for both stores, and the combiner of policies against real row-level security. */
export async function runDifferential({ decisions, seed, pool, table, stop }: DifferentialOptions): Promise<DifferentialReport> {
  const supabase = await SupabaseJudge.open(pool)
  const judges = [jsJudge(), sqliteJudge(), await postgresJudge(pool)]
  const run = new DifferentialRun(new Random(seed), judges, supabase)
  try {
    const { report } = run
    const isDone = (): boolean =>
      (stop && report.mismatches > 0) ||
      (report.decisions >= decisions && (report.decisions >= decisions * OVERTIME || report.coverage.missing(table).length === 0))
    while (!isDone()) await run.world(report.decisions < decisions ? null : table)
    return { ...report, missing: report.coverage.missing(table) }
  } finally {
    for (const judge of judges) await judge.close()
  }
}

class DifferentialRun {
  readonly report = {
    decisions: 0,
    probes: 0,
    free: 0,
    unplanned: 0,
    outcomes: new Map<string, number>(),
    mismatches: 0,
    examples: [] as Mismatch[],
    coverage: new Coverage(),
    usingOnly: 0,
    checkOnly: 0,
  }
  readonly #random: Random
  readonly #judges: readonly Judge[]
  readonly #supabase: SupabaseJudge

  constructor(random: Random, judges: readonly Judge[], supabase: SupabaseJudge) {
    this.#random = random
    this.#judges = judges
    this.#supabase = supabase
  }

  /** A set of rows, and some sets of policies over it: made for what the table still lacks, where one is given. */
  async world(table: CoverageTable | null): Promise<void> {
    const world = generateWorld(this.#random, this.#random.oneIn(5) ? 'buckets' : 'objects')
    for (const judge of this.#judges) await judge.fill(world)
    await this.#supabase.fill(world)
    for (let round = 0; round < ROUNDS_PER_WORLD; round += 1) {
      const wanted = table === null ? null : this.report.coverage.wanted(table, (cells) => this.#random.pick(cells))
      const policies = generatePolicies(this.#random, world.table, wanted)
      await this.#supabase.install(policies)
      for (let count = 0; count < PRINCIPALS_PER_ROUND; count += 1) await this.#principal(world, policies)
    }
  }

  async #principal(world: World, round: PolicyRound): Promise<void> {
    const principal = generatePrincipal(this.#random)
    const cases = casesOf(this.#random, world)
    const decider = new Decider(round.policies, principal, world.table)
    const values = new ValuesByJudge(this.#judges)
    const plans = cases.map((asked) => decider.plan(asked))
    const listed = world.existing.map((row) => decider.listed(row)).filter((step) => step !== null)
    for (const { predicate, row } of [...plans.flatMap(({ steps }) => steps), ...listed.map(({ asked }) => asked)])
      values.want(predicate, row)
    await values.ask()
    const real = await this.#supabase.judge(principal, cases)
    for (const [at, asked] of cases.entries()) {
      const plan = plans[at]
      // An update of a bucket changes nothing that a policy reads: the engine does not tell its new row from the old.
      const outcome = world.table === 'buckets' && asked.shape === 'update' && real[at] === 'denied' ? 'absent' : real[at]
      if (plan === undefined || outcome === undefined) throw new Error('a case that nobody judged')
      if (outcome === 'unplanned') {
        this.report.unplanned += 1
        continue
      }
      const context = { world, round, principal, asked, real: outcome, values }
      if (asked.shape === 'list') this.#list(context, listed)
      else this.#statement(context, plan)
    }
    await this.#probe(world, round, principal)
  }

  #statement({ world, round, principal, asked, real, values }: Judged, plan: Plan): void {
    const ours = this.#judges.map((judge) => outcomeOf(plan, ({ predicate, row }) => values.of(judge, predicate, row)))
    const [js] = ours
    const possible = (step: Step): ReadonlySet<Truth> => possibleValues(step.predicate, { row: step.row.row, relations: world.relations })
    const free = plan.statement.some((step) => possible(step).has('failed'))
    const allowed: ReadonlySet<Outcome | undefined> = free ? possibleOutcomes(plan, possible) : new Set([js])
    const inQuery = free && plan.statement.some(({ predicate }) => hasFailingQuery(predicate))
    const agreed = allowed.has(real) && ours.every((outcome) => (inQuery ? allowed.has(outcome) : outcome === js))
    this.#count(asked.shape, real, 1)
    if (free) this.report.free += 1
    if (!agreed) this.#mismatch(what(asked), { ...named(this.#judges, ours), 'row-level security': real }, principal, round)
  }

  #list({ world, round, principal, asked, real, values }: Judged, listed: readonly Listed[]): void {
    const shown = this.#judges.map((judge) => {
      // No steps: every row is shown.
      const truths = world.existing.map((row, at) => (listed[at] === undefined ? true : values.of(judge, listed[at].asked.predicate, row)))
      return truths.includes('failed') ? 'failed' : rowsText(world.existing.filter((_, at) => truths[at] === true))
    })
    const [js] = shown
    const possible = listed.map(({ statement: { predicate, row } }) =>
      possibleValues(predicate, { row: row.row, relations: world.relations }),
    )
    const free = possible.some((each) => each.has('failed'))
    this.#count(asked.shape, real, world.existing.length)
    if (free) this.report.free += world.existing.length
    const isPossible = (outcome: Outcome): boolean => outcome === js || (free && isPossibleListing(outcome, world.existing, possible))
    const inQuery = free && listed.some(({ statement }) => hasFailingQuery(statement.predicate))
    const agreed = isPossible(real) && shown.every((outcome) => (inQuery ? isPossible(outcome) : outcome === js))
    if (!agreed) this.#mismatch(what(asked), { ...named(this.#judges, shown), 'row-level security': real }, principal, round)
  }

  /** Asks about conditions alone, where unknown and false can be told apart. */
  async #probe(world: World, round: PolicyRound, principal: Principal): Promise<void> {
    const probes: Probe[] = []
    for (const policy of round.policies) {
      this.#compareSides(policy, world, principal)
      for (const side of [policy.using, policy.check]) {
        if (side === undefined) continue
        const found = conditionsIn(side).filter((condition) => round.kind === null || kindsOf(condition).includes(round.kind))
        const some = found.length <= PROBES_MAX ? found : Array.from({ length: PROBES_MAX }, () => this.#random.pick(found))
        for (const condition of some) probes.push({ condition, policy, world })
      }
    }
    const written = await this.#supabase.probe(
      principal,
      probes.map(({ condition }) => condition),
    )
    for (const [at, probe] of probes.entries()) await this.#probeOne(probe, { round, principal, written: written[at] ?? [] })
  }

  async #probeOne({ condition, policy, world }: Probe, { round, principal, written }: Probing): Promise<void> {
    const folded = foldPredicate(condition, principal.context)
    const bound = bindContext(condition, principal.context)
    const rows = [...world.existing, ...world.proposals]
    const answers: (readonly Truth[])[] = []
    for (const judge of this.#judges) answers.push(await judge.evaluate(folded, rows))
    for (const [at, row] of rows.entries()) {
      const said = answers.map((answer) => answer[at] ?? null)
      const text = written[at]
      const possible = canFail(bound) ? possibleValues(bound, { row: row.row, relations: world.relations }) : new Set([said[0] ?? null])
      const inQuery = hasFailingQuery(condition)
      const agreed =
        said.every((value) => (inQuery ? possible.has(value) : value === said[0])) && (text === undefined || possible.has(text))
      this.report.probes += 1
      for (const [which, judge] of this.#judges.entries()) {
        this.report.coverage.record(kindsOf(condition), commandsOf(policy), judge.name, said[which] ?? null)
      }
      if (text !== undefined) this.report.coverage.record(kindsOf(condition), commandsOf(policy), 'written', text)
      if (!agreed) {
        this.#mismatch(
          `${JSON.stringify(condition)} of ${JSON.stringify(row.row)}`,
          { ...named(this.#judges, said), written: text },
          principal,
          round,
        )
      }
    }
  }

  #count(shape: Case['shape'], real: Outcome, decisions: number): void {
    this.report.decisions += decisions
    const key = `${shape} ${real.startsWith('rows') ? 'shown' : real}`
    this.report.outcomes.set(key, (this.report.outcomes.get(key) ?? 0) + decisions)
  }

  #compareSides({ using, check }: PolicyRound['policies'][number], world: World, { context }: Principal): void {
    if (using === undefined || check === undefined) return
    const sides = [using, check].map((side) => foldPredicate(side, context))
    for (const { row } of world.existing) {
      const [a, b] = sides.map((side) => evaluateInJs(side, row, world.relations) === true)
      if (a === true && b === false) this.report.usingOnly += 1
      if (a === false && b === true) this.report.checkOnly += 1
    }
  }

  #mismatch(what: string, said: Mismatch['said'], principal: Principal, { policies }: PolicyRound): void {
    this.report.mismatches += 1
    // One of each set of policies: a fault shows in many rows of it.
    if (this.report.examples.length < MISMATCHES_KEPT && this.report.examples.at(-1)?.policies !== policies)
      this.report.examples.push({ what, said, principal, policies })
  }
}

type Listed = Exclude<ReturnType<Decider['listed']>, null>

interface Probe {
  readonly condition: Predicate
  readonly policy: RowPolicy
  readonly world: World
}

interface Probing {
  readonly round: PolicyRound
  readonly principal: Principal
  /** What Postgres says of each row that is there, of the condition as it is printed. */
  readonly written: readonly Truth[]
}

interface Judged {
  readonly world: World
  readonly round: PolicyRound
  readonly principal: Principal
  readonly asked: Case
  readonly real: Outcome
  readonly values: ValuesByJudge
}

/** Asks each judge once about each condition, over all rows that it is wanted for. */
class ValuesByJudge {
  readonly #judges: readonly Judge[]
  readonly #wanted = new Map<Predicate, Map<number, WorldRow>>()
  readonly #values = new Map<string, Map<Predicate, ReadonlyMap<number, Truth>>>()

  constructor(judges: readonly Judge[]) {
    this.#judges = judges
  }

  want(predicate: Predicate, row: WorldRow): void {
    const rows = this.#wanted.get(predicate) ?? new Map<number, WorldRow>()
    this.#wanted.set(predicate, rows.set(row.id, row))
  }

  async ask(): Promise<void> {
    for (const judge of this.#judges) {
      const answers = new Map<Predicate, ReadonlyMap<number, Truth>>()
      for (const [predicate, wanted] of this.#wanted) {
        const rows = [...wanted.values()]
        const truths = await judge.evaluate(predicate, rows)
        answers.set(predicate, new Map(rows.map(({ id }, at) => [id, truths[at] ?? null])))
      }
      this.#values.set(judge.name, answers)
    }
  }

  of(judge: Judge, predicate: Predicate, { id }: WorldRow): Truth {
    const value = this.#values.get(judge.name)?.get(predicate)?.get(id)
    if (value === undefined) throw new Error('a condition that nobody asked about')
    return value
  }
}

/** Each row that is shown may be, and each that is not may be hidden. */
function isPossibleListing(real: Outcome, existing: readonly WorldRow[], possible: readonly ReadonlySet<Truth>[]): boolean {
  if (real === 'failed') return true
  const shown = new Set(real.slice('rows '.length).split('|'))
  return existing.every(
    (row, at) =>
      (shown.has(placeOf(row)) ? possible[at]?.has(true) : possible[at]?.has(false) === true || possible[at]?.has(null)) === true,
  )
}

function rowsText(rows: readonly WorldRow[]): Outcome {
  const places = rows.map(placeOf).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return `rows ${places.join('|')}`
}

function placeOf({ row }: WorldRow): string {
  return `${String(row.bucket_id)} ${String(row.name)}`
}

function named(judges: readonly Judge[], said: readonly unknown[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(judges.map(({ name }, at) => [name, said[at]]))
}

function what({ shape, old, proposed, taken }: Case): string {
  return JSON.stringify({ shape, old: old?.row, proposed: proposed?.row, taken: taken?.row })
}
