import { OPERATION_NAMES } from '@stowage/core'
import type { BucketAddress, JsonObject, ObjectHeaders, OperationName } from '@stowage/core'
import { ROOT_ACCOUNT } from '../stores/root-credentials.ts'
import type { CheckedFields } from '../stores/checked-fields.ts'

/** Who would make a request. */
export type SupposedCaller =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'account'; readonly account: string }
  /** Whoever has this access key, with its role, claims and scope. */
  | { readonly kind: 'key'; readonly accessKeyId: string }
  | {
      readonly kind: 'role'
      readonly role: string
      readonly sub: string | null
      readonly claims: JsonObject
      /** The account whose user it is: policies speak of its buckets alone. */
      readonly account: string
    }

/** An object that would be written, or is supposed to be there. */
export interface SuppliedObject {
  readonly size: number | null
  readonly headers: ObjectHeaders
  readonly userMetadata: Readonly<Record<string, string>>
  /** Of one that is there: its `owner_id`. */
  readonly owner: string | null
}

/** A request that is to be explained. */
export interface ExplainWish {
  readonly caller: SupposedCaller
  readonly operation: OperationName
  readonly bucket: BucketAddress
  readonly key: string | null
  readonly versionId: string | null
  /** Of a copy. */
  readonly source: { readonly bucket: BucketAddress; readonly key: string } | null
  /** Of a write. */
  readonly overwrite: 'never' | 'allowed'
  /** Of a write: what it brings. */
  readonly proposed: SuppliedObject | null
  /** Stands before whatever is there. */
  readonly existing: SuppliedObject | null
  /** Of a listing. */
  readonly prefix: string | null
  readonly delimiter: string | null
  /** What a door would have found out: `sourceIp`, `secureTransport`, `x-amz-acl`, … */
  readonly facts: Readonly<Record<string, string | number | boolean>>
}

/** Headers that are kept with an object, by their names in HTTP. */
const HEADERS: Readonly<Record<string, keyof ObjectHeaders>> = {
  'content-type': 'contentType',
  'cache-control': 'cacheControl',
  'content-disposition': 'contentDisposition',
  'content-encoding': 'contentEncoding',
  'content-language': 'contentLanguage',
  expires: 'expires',
  'x-amz-website-redirect-location': 'websiteRedirectLocation',
  'x-amz-storage-class': 'storageClass',
}
const USER_METADATA = 'x-amz-meta-'
const FACTS = ['sourceIp', 'secureTransport', 'referer', 'userAgent', 'authType', 'signatureVersion', 'signatureAge']
/** Those that are told of a request's headers. */
const HEADER_FACT = 'x-amz-'

/**
 * Takes a request apart that somebody wrote: `as` (`anonymous`, or an object with `role`, `account` or `key`), `do`, `bucket`, `key` and what
 * else it needs. What is not known is left to `fields.end()`.
 */
export function readExplainWish(fields: CheckedFields): ExplainWish {
  const operation = fields.oneOf('do', Object.keys(OPERATION_NAMES) as OperationName[])
  const source = fields.fields('source')
  const wish: ExplainWish = {
    caller: readCaller(fields),
    operation,
    bucket: readBucket(fields),
    key: fields.optionalText('key'),
    versionId: fields.optionalText('versionId'),
    source: source === null ? null : { bucket: readBucket(source), key: source.text('key') },
    overwrite: fields.has('overwrite') ? fields.oneOf('overwrite', ['never', 'allowed']) : 'allowed',
    proposed: readObject(fields, 'given'),
    existing: readObject(fields, 'existing'),
    prefix: fields.optionalText('prefix'),
    delimiter: fields.optionalText('delimiter'),
    facts: readFacts(fields),
  }
  source?.end()
  return wish
}

/** The request as `readExplainWish` reads it. */
export function writeExplainWish(wish: ExplainWish): Readonly<Record<string, unknown>> {
  const { caller, operation, bucket, source, proposed, existing, ...rest } = wish
  const { kind, ...who } = caller
  return {
    ...rest,
    as: caller.kind === 'anonymous' ? kind : caller.kind === 'key' ? { key: caller.accessKeyId } : who,
    do: operation,
    bucket,
    source,
    given: proposed === null ? null : writeObject(proposed),
    existing: existing === null ? null : writeObject(existing),
  }
}

/** Sorts headers of HTTP into those that are kept with an object and its user metadata. Throws for one that is neither. */
export function sortHeaders(headers: Readonly<Record<string, string>>, at: string): Pick<SuppliedObject, 'headers' | 'userMetadata'> {
  const kept: Partial<Record<keyof ObjectHeaders, string>> = {}
  const userMetadata: Record<string, string> = {}
  for (const [given, value] of Object.entries(headers)) {
    const name = given.toLowerCase()
    const header = Object.hasOwn(HEADERS, name) ? HEADERS[name] : undefined
    if (header !== undefined) kept[header] = value
    else if (name.startsWith(USER_METADATA)) userMetadata[name.slice(USER_METADATA.length)] = value
    else
      throw new Error(`${at}: nothing is kept of the header '${given}'. There are ${Object.keys(HEADERS).join(', ')}, ${USER_METADATA}….`)
  }
  return { headers: kept, userMetadata }
}

function readCaller(fields: CheckedFields): SupposedCaller {
  if (fields.value('as') === 'anonymous') return { kind: 'anonymous' }
  const who = fields.fields('as')
  if (who === null) throw new Error(`${fields.at}.as is missing: who is it? anonymous, or {role, sub, claims, account}, {account}, {key}.`)
  const caller = readKnownCaller(who)
  who.end()
  return caller
}

function readKnownCaller(who: CheckedFields): SupposedCaller {
  const role = who.optionalText('role')
  if (role !== null) {
    const claims = who.fields('claims') === null ? {} : (who.value('claims') as JsonObject)
    return { kind: 'role', role, sub: who.optionalText('sub'), claims, account: who.optionalText('account') ?? ROOT_ACCOUNT }
  }
  const accessKeyId = who.optionalText('key')
  return accessKeyId === null ? { kind: 'account', account: who.text('account') } : { kind: 'key', accessKeyId }
}

function readBucket(fields: CheckedFields): BucketAddress {
  if (typeof fields.value('bucket') === 'string') return { name: fields.text('bucket') }
  const bucket = fields.fields('bucket')
  if (bucket === null) throw new Error(`${fields.at}.bucket is missing.`)
  const [name, jurisdiction] = [bucket.text('name'), bucket.optionalText('jurisdiction')]
  bucket.end()
  return { name, ...(jurisdiction === null ? {} : { jurisdiction }) }
}

function readObject(fields: CheckedFields, name: 'given' | 'existing'): SuppliedObject | null {
  const object = fields.fields(name)
  if (object === null) return null
  const [size, contentType] = [object.optionalCount('size'), object.optionalText('contentType')]
  const { headers, userMetadata } = sortHeaders(object.textsByName('headers'), `${object.at}.headers`)
  const metadata = object.textsByName('metadata')
  const owner = name === 'existing' ? object.optionalText('owner') : null
  object.end()
  return {
    size,
    headers: { ...headers, ...(contentType === null ? {} : { contentType }) },
    userMetadata: { ...userMetadata, ...metadata },
    owner,
  }
}

function writeObject({ size, headers, userMetadata, owner }: SuppliedObject): Readonly<Record<string, unknown>> {
  const names = Object.entries(HEADERS).map(([http, name]) => [http, headers[name]] as const)
  return {
    size,
    headers: Object.fromEntries(names.filter(([, value]) => value !== undefined)),
    metadata: userMetadata,
    ...(owner === null ? {} : { owner }),
  }
}

function readFacts(fields: CheckedFields): ExplainWish['facts'] {
  return checkFacts(fields.scalarsByName('facts'), `${fields.at}.facts`)
}

/** Throws where one has a name that no policy asks for. */
export function checkFacts(facts: ExplainWish['facts'], at: string): ExplainWish['facts'] {
  const unknown = Object.keys(facts).find((name) => !FACTS.includes(name) && !name.startsWith(HEADER_FACT))
  if (unknown !== undefined) throw new Error(`${at}: nobody knows '${unknown}'. There are ${FACTS.join(', ')}, ${HEADER_FACT}….`)
  return facts
}
