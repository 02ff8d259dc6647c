import { findDuplicateMember, type JsonObject, OPERATION_NAMES, type OperationName, type Scope } from '@stowage/core'
import { isJsonObject, isTextList, readJsonObject } from '../read-json-object.ts'
import { matchesWildcards } from './matches-wildcards.ts'
import { type ResourcePlace, readResource } from './session-policy-resource.ts'

/** The longest session policy, in characters (AWS: "AssumeRole", Policy). */
const LENGTH_MAX = 2048
const POLICY_FIELDS: ReadonlySet<string> = new Set(['Version', 'Id', 'Statement'])
const STATEMENT_FIELDS: ReadonlySet<string> = new Set(['Sid', 'Effect', 'Action', 'Resource'])

/** To AWS these are done to a bucket; all others to an object. Listing buckets is done to all of them. */
const ON_BUCKETS: ReadonlySet<OperationName> = new Set<OperationName>([
  'CreateBucket',
  'HeadBucket',
  'DeleteBucket',
  'PutBucketVersioning',
  'PutBucketAcl',
  'GetBucketPolicy',
  'PutBucketPolicy',
  'DeleteBucketPolicy',
  'GetBucketPolicyStatus',
  'ListObjects',
  'ListObjectVersions',
  'ListMultipartUploads',
])
/** To AWS a copy is reading and writing: whoever may only write, may not. */
const COPIES: ReadonlySet<OperationName> = new Set<OperationName>(['CopyObject', 'UploadPartCopy'])
const NAMES = Object.keys(OPERATION_NAMES) as OperationName[]

/**
 * Reads a session policy (IAM JSON) as a ceiling. It lets through nothing that the policy does not; where a ceiling cannot say as much,
 * less: with statements about some keys, a listing shows those keys, and the bucket itself cannot be made or changed.
 *
 * Throws a `TypeError` for anything that is not wholly understood (denials, conditions, variables, wildcards but at the end), and for
 * statements that together are no one ceiling (reading here and writing there).
 */
export function parseSessionPolicy(text: string, jurisdiction = 'default'): Scope {
  const policy = text.length > LENGTH_MAX ? null : readJsonObject(text)
  if (policy === null) throw new TypeError(`a session policy must be a JSON object of at most ${LENGTH_MAX} characters`)
  const double = findDuplicateMember(text)
  if (double !== null) throw new TypeError(`a session policy has the member '${double}' twice in one object`)
  checkFields(policy, POLICY_FIELDS)
  const { Version: version = '2012-10-17', Statement: statement } = policy
  if (version !== '2012-10-17' && version !== '2008-10-17') throw new TypeError('the version of a session policy must be 2012-10-17')
  const statements: readonly unknown[] = Array.isArray(statement) ? statement : [statement]
  const placesOf = new Map<OperationName, ResourcePlace[]>()
  for (const each of statements) addStatement(each, placesOf)
  for (const name of COPIES) if (!placesOf.has('GetObject')) placesOf.delete(name)
  return scopeOf(placesOf, jurisdiction)
}

function addStatement(statement: unknown, placesOf: Map<OperationName, ResourcePlace[]>): void {
  if (!isJsonObject(statement)) throw new TypeError('a statement of a session policy must be an object')
  checkFields(statement, STATEMENT_FIELDS)
  if (statement['Effect'] !== 'Allow') throw new TypeError('a session policy can only allow')
  const patterns = textsOf(statement['Action']).map(checkedAction)
  const places = textsOf(statement['Resource']).map(readResource)
  for (const name of NAMES) {
    const action = OPERATION_NAMES[name].s3.toLowerCase()
    if (!patterns.some((pattern) => matchesWildcards(pattern, action))) continue
    const found = places.filter((place) => isPlaceOf(name, place))
    if (found.length > 0) placesOf.set(name, [...(placesOf.get(name) ?? []), ...found])
  }
}

function isPlaceOf(name: OperationName, { kind, bucket }: ResourcePlace): boolean {
  if (kind === 'everything') return true
  if (name === 'ListBuckets') return kind === 'bucket' && bucket === null
  return (kind === 'bucket') === ON_BUCKETS.has(name)
}

/** A scope is one set of operations on one set of buckets and keys: every operation must be allowed in the same places. */
function scopeOf(placesOf: ReadonlyMap<OperationName, readonly ResourcePlace[]>, jurisdiction: string): Scope {
  const operations = new Set(placesOf.keys())
  // Listing all buckets shows those that the others are about.
  const others = [...placesOf].filter(([name]) => name !== 'ListBuckets')
  const buckets = same(others.map(([, places]) => bucketsOf(places)))
  const onObjects = others.filter(([name]) => !ON_BUCKETS.has(name))
  const keys = same(onObjects.flatMap(([, places]) => keysByBucket(places)))
  return {
    operations,
    ...(buckets === undefined || buckets.includes(null)
      ? {}
      : { buckets: buckets.filter((name) => name !== null).map((name) => ({ jurisdiction, name })) }),
    ...(keys === undefined || keys.all ? {} : { prefixes: keys.prefixes, objects: keys.objects }),
  }
}

interface Keys {
  readonly all: boolean
  readonly prefixes: readonly string[]
  readonly objects: readonly string[]
}

/** Null stands for every bucket. */
function bucketsOf(places: readonly ResourcePlace[]): readonly (string | null)[] {
  const names = [...new Set(places.map(({ bucket }) => bucket))]
  return names.includes(null) ? [null] : names.filter((name) => name !== null).sort()
}

function keysByBucket(places: readonly ResourcePlace[]): readonly Keys[] {
  // What is allowed in every bucket is allowed in each of those that are named, too.
  const everywhere = places.filter(({ bucket }) => bucket === null)
  return bucketsOf(places).map((name) => {
    const here = name === null ? everywhere : places.filter(({ bucket }) => bucket === name)
    const prefixes = [...new Set(here.flatMap(({ prefix }) => (prefix === null ? [] : [prefix])))].sort()
    const objects = [...new Set(here.flatMap(({ object }) => (object === null ? [] : [object])))].sort()
    return { all: prefixes.includes(''), prefixes, objects }
  })
}

function same<T>(values: readonly T[]): T | undefined {
  const [first] = values
  if (values.some((value) => JSON.stringify(value) !== JSON.stringify(first))) {
    throw new TypeError('a session policy must allow the same in all of the places that it names')
  }
  return first
}

/** Names of actions have no case. */
function checkedAction(action: string): string {
  if (!/^(?:\*|s3:[a-z*?]{1,64})$/i.test(action)) throw new TypeError(`a session policy is about s3, and not ${JSON.stringify(action)}`)
  return action.toLowerCase()
}

function textsOf(value: unknown): readonly string[] {
  const texts = typeof value === 'string' ? [value] : value
  if (!isTextList(texts) || texts.length === 0) throw new TypeError('a statement must name actions and resources')
  return texts
}

function checkFields(value: JsonObject, known: ReadonlySet<string>): void {
  const unknown = Object.keys(value).find((name) => !known.has(name))
  if (unknown !== undefined) throw new TypeError(`a session policy has a field ${JSON.stringify(unknown)}, which is not supported`)
}
