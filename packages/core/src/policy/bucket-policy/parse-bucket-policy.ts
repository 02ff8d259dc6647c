import { StorageError } from '../../errors/storage-error.ts'
import type { BucketPolicy, PolicyPrincipal, PolicyResource, PolicyStatement } from './bucket-policy.ts'
import { findDuplicateMember } from '../duplicate-member.ts'
import { PolicyReader } from './policy-reader.ts'
import { parseConditions } from './parse-conditions.ts'
import { readPrincipal } from './principal-arn.ts'
import { S3_ACTIONS } from './s3-actions.ts'
import { matchesPattern, readPattern } from './wildcard.ts'
import { isConditionKey } from './condition-keys.ts'

/** AWS's limit of a bucket policy, in bytes. AWS: access-policy-language-overview. */
export const BUCKET_POLICY_BYTES_MAX: number = 20 * 1024

const VERSIONS = ['2012-10-17', '2008-10-17']
// Under the u flag pairs are one character: this matches halves only.
const LONE_SURROGATE = /\p{Surrogate}/u
const ARN_OF_BUCKETS = 'arn:aws:s3:::'

/**
 * Reads the policy of the bucket with this name. Throws `MalformedPolicy`, with the place, for whatever is not understood to the last
 * word: nothing is dropped, nothing is guessed. AWS: reference_policies_grammar.
 */
export function parseBucketPolicy(text: string, bucketName: string): BucketPolicy {
  if (Buffer.byteLength(text) > BUCKET_POLICY_BYTES_MAX) throw malformed('the policy', `is longer than ${BUCKET_POLICY_BYTES_MAX} bytes`)
  // No store would keep it, nor give it back.
  if (LONE_SURROGATE.test(text)) throw malformed('the policy', 'holds half a surrogate pair')
  const document = new PolicyReader(parseJson(text), 'the policy')
  document.only(['Version', 'Id', 'Statement'])
  const version = document.optionalText('Version') ?? '2008-10-17'
  if (!VERSIONS.includes(version)) throw malformed('Version', `is none of ${VERSIONS.join(', ')}`)
  document.optionalText('Id')
  const statements = document.objects('Statement')
  if (statements.length === 0) throw malformed('Statement', 'has no statements')
  const parser = new StatementParser(bucketName, version === '2012-10-17')
  const parsed = statements.map((statement) => parser.parse(statement))
  const sids = parsed.flatMap(({ sid }) => (sid === null ? [] : [sid]))
  const same = sids.find((sid, index) => sids.indexOf(sid) !== index)
  if (same !== undefined) throw malformed('Statement', `has the Sid '${same}' twice`)
  const double = findDuplicateMember(text)
  if (double !== null) throw malformed('the policy', `has the member '${double}' twice in one object`)
  return { statements: parsed }
}

class StatementParser {
  readonly #bucketName: string
  readonly #variables: boolean
  /** A set of actions once, however many statements have it. */
  readonly #actionSets = new Map<string, ReadonlySet<string>>()

  constructor(bucketName: string, variables: boolean) {
    this.#bucketName = bucketName
    this.#variables = variables
  }

  parse(statement: PolicyReader): PolicyStatement {
    statement.only(['Sid', 'Effect', 'Principal', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'])
    const effect = statement.text('Effect')
    if (effect !== 'Allow' && effect !== 'Deny') throw malformed(statement.at('Effect'), 'is neither Allow nor Deny')
    const resources = this.#resources(statement)
    const actions = this.#sameActions(readActions(statement))
    checkActionsFit(statement, actions, resources)
    return {
      sid: statement.optionalText('Sid'),
      effect,
      principals: readPrincipals(statement),
      actions,
      resources: resources.list,
      otherResources: resources.other,
      conditions: parseConditions(statement, this.#variables),
    }
  }

  #sameActions(actions: readonly string[]): ReadonlySet<string> {
    const name = actions.join(' ')
    const same = this.#actionSets.get(name) ?? new Set(actions)
    this.#actionSets.set(name, same)
    return same
  }

  #resources(statement: PolicyReader): { readonly list: readonly PolicyResource[]; readonly other: boolean } {
    const name = statement.oneOf('Resource', 'NotResource')
    const list = statement.texts(name).map((text): PolicyResource => {
      if (!text.startsWith(ARN_OF_BUCKETS)) throw malformed(statement.at(name), `names '${text}', which is no ARN of S3`)
      const resource = text.slice(ARN_OF_BUCKETS.length)
      const slash = resource.indexOf('/')
      const bucket = slash < 0 ? resource : resource.slice(0, slash)
      if (bucket !== this.#bucketName) throw malformed(statement.at(name), `names '${text}', which is not of this bucket`)
      if (slash < 0) return 'bucket'
      const key = readPattern(resource.slice(slash + 1), { variables: this.#variables, wildcards: true, isVariable: isConditionKey })
      if (typeof key === 'string') throw malformed(statement.at(name), key)
      return { key }
    })
    return { list, other: name === 'NotResource' }
  }
}

/** In the order of `S3_ACTIONS`: what is not among them can never be asked for. */
function readActions(statement: PolicyReader): readonly string[] {
  const name = statement.oneOf('Action', 'NotAction')
  const named = new Set<string>()
  for (const text of statement.texts(name)) {
    const matching = text === '*' ? [...S3_ACTIONS.keys()] : matchingActions(text)
    if (matching.length === 0) throw malformed(statement.at(name), `names '${text}', which is no action of S3`)
    for (const action of matching) named.add(action)
  }
  return [...S3_ACTIONS.keys()].filter((action) => named.has(action) === (name === 'Action'))
}

function matchingActions(text: string): readonly string[] {
  const pattern = readPattern(text.toLowerCase(), { variables: false, wildcards: true, isVariable: () => false })
  if (typeof pattern === 'string') return []
  return [...S3_ACTIONS.keys()].filter((action) => matchesPattern(pattern, action.toLowerCase(), () => null) === true)
}

/** AWS: "Action does not apply to any resource(s) in statement". A `NotResource` leaves something of both kinds. */
function checkActionsFit(
  statement: PolicyReader,
  actions: ReadonlySet<string>,
  { list, other }: { readonly list: readonly PolicyResource[]; readonly other: boolean },
): void {
  if (other) return
  const kinds = new Set(list.map((resource) => (resource === 'bucket' ? 'bucket' : 'object')))
  if (![...actions].some((action) => kinds.has(S3_ACTIONS.get(action) ?? 'bucket'))) {
    throw malformed(statement.at('Action'), 'does not apply to any resource in the statement')
  }
}

function readPrincipals(statement: PolicyReader): readonly PolicyPrincipal[] {
  const place = statement.at('Principal')
  const texts = statement.isText('Principal') ? [statement.text('Principal')] : principalTexts(statement)
  if (statement.isText('Principal') && texts[0] !== '*') throw malformed(place, `is '${texts[0]}': a principal is '*' or { "AWS": … }`)
  return texts.map((text) => {
    const principal = readPrincipal(text)
    if (principal === null) throw malformed(place, `names '${text}', which is no account, role or user`)
    return principal
  })
}

function principalTexts(statement: PolicyReader): readonly string[] {
  const principal = statement.object('Principal')
  principal.only(['AWS'])
  return principal.texts('AWS')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new StorageError('MalformedPolicy', { place: 'the policy', reason: 'is not JSON' }, { cause: error })
  }
}

function malformed(place: string, reason: string): StorageError<'MalformedPolicy'> {
  return new StorageError('MalformedPolicy', { place, reason })
}
