import type { Verdict } from '../metadata/queries.ts'
import type { BucketInfo } from '../model/bucket.ts'
import { NULL_VERSION } from '../model/object.ts'
import { callerContext } from '../policy/caller-context.ts'
import type { Caller } from '../policy/caller.ts'
import { checkOf, usingOf } from '../policy/combine-row-policies.ts'
import type { DecisionGround } from '../policy/decision-ground.ts'
import { foldPredicate } from '../policy/fold-predicate.ts'
import type { PredicateContext } from '../policy/fold-predicate.ts'
import type { RequestFacts, Requirement } from '../policy/policy.ts'
import { bucketPolicyRow, objectPolicyRow } from '../policy/predicate-row.ts'
import type { PolicyRow } from '../policy/predicate-row.ts'
import type { Predicate } from '../policy/predicate.ts'
import { unconditional } from '../policy/requirement.ts'
import { isSystemPrincipal } from '../policy/system-principal.ts'
import type { RowPolicy } from '../policy/row-policy.ts'
import { accessDenied, accessOf, authorise, foldRequirement, isNever, ownerOf } from './authorise.ts'
import { checkCaller } from './check-caller.ts'
import { isWithinScope } from './check-scope.ts'
import type { SessionContext } from './context.ts'
import { explainedQuestions } from './explained-questions.ts'
import type { ExplainedCondition, ExplainedClause, ExplainedGround, ExplainedQuestion, ExplainInput, Explanation } from './explanation.ts'
import { bucketQuestion } from './object-question.ts'
import { readBucket } from './resolve-bucket.ts'
import type { BucketQuestion } from './with-requirement.ts'

type Rows = ExplainedQuestion['rows']
type RowName = keyof Rows

/**
 * Says why a request would be allowed or refused, by asking what the request itself would ask: scope, policy and store. For the operator; and
 * for the account that the bucket belongs to (of a copy, both buckets), about accounts and anonymous callers. `AccessDenied` for everything else.
 */
export async function explain(session: SessionContext, input: ExplainInput): Promise<Explanation> {
  const { engine } = session
  checkCaller(input.caller, engine.limits)
  const request: RequestFacts = { operation: input.operation, at: input.at ?? engine.clock(), facts: input.facts ?? NO_FACTS }
  const asked: SessionContext = { engine, caller: input.caller, request }
  const wanted = explainedQuestions(asked, input)
  const context = callerContext(input.caller, request)
  const questions: ExplainedQuestion[] = []
  for (const question of wanted) {
    const bucket = await readBucket(engine, question.address)
    await checkAsker(session, bucket, input.caller)
    questions.push(await new Explainer({ session: asked, input, request, context }).explain(question, bucket))
  }
  return { allowed: questions.every(({ allowed }) => allowed), context, questions }
}

const NO_FACTS: RequestFacts['facts'] = new Map()

/**
 * A credential that may not do all that its account may, may not ask what others may. And of users only the operator may ask: they are
 * decided by the policies and the relations of the namespace, and whoever supposes users with claims of his choice could learn from the answers
 * what those are, and who is a member of what. What decides on others, the owner of a bucket knows: ownership, and its policy.
 */
async function checkAsker(session: SessionContext, bucket: BucketInfo, { principal }: Caller): Promise<void> {
  const question = bucketQuestion({ operation: 'GetBucketPolicy', action: 'bucket.explain' }, bucket)
  if (session.caller.scope !== null) throw accessDenied(question)
  const isOpen = principal.kind === 'anonymous' || principal.kind === 'account'
  if (!isOpen && !isSystemPrincipal(session.caller.principal)) throw accessDenied(question)
  if (isNever((await authorise(session, question, bucket)).existing)) throw accessDenied(question)
}

interface Explained {
  readonly session: SessionContext
  readonly input: ExplainInput
  readonly request: RequestFacts
  readonly context: PredicateContext
}

class Explainer {
  readonly #explained: Explained

  constructor(explained: Explained) {
    this.#explained = explained
  }

  async explain(question: BucketQuestion, bucket: BucketInfo): Promise<ExplainedQuestion> {
    const { session, request } = this.#explained
    const { action, side } = question
    const rows = await this.#rows(question, bucket)
    if (!isWithinScope(session.caller, question, request)) {
      return { action, side, allowed: false, withinScope: false, grounds: [], rows, conditions: [], refusalLooks: 'forbidden' }
    }
    const heard: DecisionGround[] = []
    const require = foldRequirement(await this.#ask(question, bucket, heard), session, request)
    const conditions = await this.#conditions(question, require, rows)
    const allowed = conditions.every(({ predicate, verdict }) => (verdict === 'each row' ? !isNever(predicate) : verdict === true))
    const grounds: ExplainedGround[] = []
    for (const ground of heard) grounds.push(await this.#ground(ground, rows))
    return { action, side, allowed, withinScope: true, grounds, rows, conditions, refusalLooks: require.deniedExisting }
  }

  async #ask(question: BucketQuestion, bucket: BucketInfo, heard: DecisionGround[]): Promise<Requirement> {
    const { session, request } = this.#explained
    const { policy } = session.engine
    const access = accessOf({ session, question, bucket, request })
    return policy.explain === undefined ? policy.require(access) : policy.explain(access, (ground) => void heard.push(ground))
  }

  async #rows(question: BucketQuestion, bucket: BucketInfo): Promise<Rows> {
    const { action, key } = question
    if (action === 'object.list') return NO_ROWS
    if (key === null) return { ...NO_ROWS, existing: bucketPolicyRow(bucket) }
    const row = this.#supposed(question, bucket) ?? (await this.#existing(question, bucket))
    if (action === 'object.delete' && bucket.versioning !== 'off' && question.versionId === null) {
      // The marker that would be left.
      return { ...NO_ROWS, existing: row, proposed: this.#newRow(bucket, key, {}) }
    }
    if (action !== 'object.write') return { ...NO_ROWS, existing: row }
    const { size = null } = this.#explained.input.proposed ?? {}
    return { existing: row, proposed: this.#newRow(bucket, key, { declaredSize: size }), final: this.#newRow(bucket, key, { size }) }
  }

  #supposed({ key, versionId, side }: BucketQuestion, bucket: BucketInfo): PolicyRow | null {
    const { input, request } = this.#explained
    const { existing } = input
    if (existing === undefined || side === 'source') return null
    const { ownerId = null, size = 0, headers = {}, userMetadata = {}, createdAt = request.at } = existing
    const facts = { ownerId, size, headers, userMetadata, createdAt, etag: null }
    return objectPolicyRow(bucket, { ...facts, key: key ?? '', versionId: versionId ?? NULL_VERSION })
  }

  async #existing({ key, versionId }: BucketQuestion, bucket: BucketInfo): Promise<PolicyRow | null> {
    const { metadata, policyVersion } = this.#explained.session.engine
    const place = versionId === null ? {} : { versionId }
    const found = await metadata.findObject({
      bucketId: bucket.id,
      key: key ?? '',
      ...place,
      require: unconditional(policyVersion.current),
    })
    return found.outcome === 'found' && !found.object.deleteMarker ? objectPolicyRow(bucket, found.object) : null
  }

  #newRow(bucket: BucketInfo, key: string, known: { readonly size?: number | null; readonly declaredSize?: number | null }): PolicyRow {
    const { session, input, request } = this.#explained
    return objectPolicyRow(bucket, {
      key,
      ownerId: ownerOf(session.caller),
      versionId: NULL_VERSION,
      createdAt: request.at,
      size: null,
      etag: null,
      headers: input.proposed?.headers ?? {},
      userMetadata: input.proposed?.userMetadata ?? {},
      ...known,
    })
  }

  /** What a commit, or a reader, would hold against the rows that there are. */
  async #conditions({ action }: BucketQuestion, require: Requirement, rows: Rows): Promise<readonly ExplainedCondition[]> {
    if (action === 'object.list' || action === 'bucket.list') {
      return [{ row: 'existing', predicate: require.existing, verdict: 'each row' }]
    }
    const final = rows.existing === null ? require.finalCreated : require.finalReplaced
    const all: readonly { readonly row: RowName; readonly predicate: Predicate }[] = [
      { row: 'proposed', predicate: require.proposed },
      { row: 'existing', predicate: require.existing },
      { row: 'final', predicate: final },
    ]
    const conditions: ExplainedCondition[] = []
    for (const { row, predicate } of all) {
      const over = rows[row]
      if (over !== null) conditions.push({ row, predicate, verdict: await this.#judge(predicate, over) })
      // Whom no row would be shown hears so where there is none, too.
      else if (row === 'existing' && action !== 'object.write' && isNever(predicate)) conditions.push({ row, predicate, verdict: false })
    }
    return conditions
  }

  async #judge(predicate: Predicate, row: PolicyRow): Promise<Verdict> {
    const [verdict = null] = await this.#explained.session.engine.metadata.judge([{ predicate, row }])
    return verdict
  }

  async #ground(ground: DecisionGround, rows: Rows): Promise<ExplainedGround> {
    if (ground.kind !== 'row-policies') return ground
    const policies = []
    for (const policy of ground.policies) {
      const { name, mode, source = null } = policy
      policies.push({ name, mode, source, clauses: await this.#clauses(policy, rows) })
    }
    return { ...ground, policies }
  }

  async #clauses(policy: RowPolicy, rows: Rows): Promise<readonly ExplainedClause[]> {
    const using = usingOf(policy)
    const check = checkOf(policy)
    const clauses: ExplainedClause[] = []
    const add = async (clause: 'using' | 'check', row: RowName, predicate: Predicate | null): Promise<void> => {
      const over = rows[row]
      if (predicate === null || over === null) return
      clauses.push({ clause, row, verdict: await this.#judge(foldPredicate(predicate, this.#explained.context), over) })
    }
    await add('using', 'existing', using)
    await add('check', 'proposed', check)
    await add('check', 'final', check)
    return clauses
  }
}

const NO_ROWS: Rows = { existing: null, proposed: null, final: null }
