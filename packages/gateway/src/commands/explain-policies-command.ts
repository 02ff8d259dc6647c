import { OPERATION_NAMES } from '@stowage/core'
import type { JsonObject, OperationName } from '@stowage/core'
import { ROOT_ACCOUNT } from '../stores/root-credentials.ts'
import type { CliContext } from './cli-context.ts'
import { EXIT } from './cli-context.ts'
import { checkFacts, sortHeaders } from '../administration/explain-wish.ts'
import type { ExplainWish, SuppliedObject, SupposedCaller } from '../administration/explain-wish.ts'
import { explanationText } from './explanation-text.ts'
import { askForPolicies } from './policies-command.ts'
import type { PolicyCommandOptions } from './policies-command.ts'
import type { PolicyRequest, ShownExplanation } from '../administration/policy-administration.ts'

/** What `stowage policies explain` was told. */
export interface ExplainPoliciesOptions extends PolicyCommandOptions {
  /** As S3 calls it. */
  readonly operation: string
  /** The bucket; of an operation on an object its key, too. */
  readonly place: readonly string[]
  /** Who: a role. */
  readonly as?: string
  /** The user behind the role. Default: none. */
  readonly sub?: string
  /** What the token says beside. Default: nothing. */
  readonly claims?: JsonObject
  /** Whose user it is (default: root); without a role, the account itself. */
  readonly account?: string
  /** Who: nobody known. */
  readonly anonymous?: boolean
  /** Who: an access key. */
  readonly key?: string
  /** Of the buckets. Default: the default one. */
  readonly jurisdiction?: string
  /** Default: the current one. */
  readonly versionId?: string
  /** Of a copy: `BUCKET/KEY`. */
  readonly source?: string
  /** False: a write that may not replace. */
  readonly overwrite?: boolean
  /** In bytes: of what a write brings, or of the object that is supposed to be there. */
  readonly size?: number
  /** `name=value`, as HTTP names headers. */
  readonly header?: readonly string[]
  /** The `owner_id` of an object that is supposed to be there. */
  readonly ownedBy?: string
  /** Of a listing. */
  readonly prefix?: string
  /** Of a listing. */
  readonly delimiter?: string
  /** `name=value`: what a door would have found out. */
  readonly fact?: readonly string[]
  /** Text, even where nobody is looking. */
  readonly text?: boolean
}

/** Says why a request would be allowed or refused. */
export async function explainPoliciesCommand(options: ExplainPoliciesOptions, context: CliContext): Promise<number> {
  const wish = explainWishOf(options)
  const [explanation] = await explain([wish], options, context)
  if (explanation === undefined) throw new Error('The server answered without an explanation: it is of another version.')
  const readable = options.text === true || (options.json !== true && context.stdout.isTTY === true)
  context.stdout.write(readable ? explanationText(wish, explanation) : `${JSON.stringify(explanation)}\n`)
  return EXIT.ok
}

/** Has requests explained, in their order. */
export async function explain(
  wishes: readonly ExplainWish[],
  options: PolicyCommandOptions,
  context: CliContext,
): Promise<readonly ShownExplanation[]> {
  const request: PolicyRequest = { do: 'explain', wishes }
  const answer = await askForPolicies(request, options, context)
  if (!('explanations' in answer)) throw new Error('The server answered something else than explanations: it is of another version.')
  return answer.explanations
}

/** Operations that are about all of a bucket, or about what is listed of it. */
const LISTINGS: ReadonlySet<string> = new Set(['ListObjects', 'ListObjectVersions', 'ListMultipartUploads'])

/** Whether an operation is about one object. Throws for a name that is none. */
export function isAboutObject(operation: string): boolean {
  if (!Object.hasOwn(OPERATION_NAMES, operation)) {
    throw new Error(`There is no operation ${operation}. There are ${Object.keys(OPERATION_NAMES).join(', ')}.`)
  }
  return !LISTINGS.has(operation) && !operation.includes('Bucket')
}

/** The request that the flags describe. Throws with a sentence where they make no sense. */
export function explainWishOf(options: ExplainPoliciesOptions): ExplainWish {
  const { operation, place, jurisdiction, source, prefix = null, delimiter = null } = options
  const [bucket = '', key = null] = place
  const asked = jurisdiction === undefined ? {} : { jurisdiction }
  return {
    caller: callerOf(options),
    // It was looked at before: the arguments are counted by it.
    operation: operation as OperationName,
    bucket: { ...asked, name: bucket },
    key,
    versionId: options.versionId ?? null,
    source: source === undefined ? null : sourceOf(source, asked),
    overwrite: options.overwrite === false ? 'never' : 'allowed',
    prefix,
    delimiter,
    facts: checkFacts(Object.fromEntries(pairs(options.fact ?? [], '--fact').map(([name, value]) => [name, factOf(value)])), '--fact'),
    ...objectsOf(options),
  }
}

/** What a write would bring; of anything else, what is supposed to be there. */
function objectsOf({ operation, size, header, ownedBy }: ExplainPoliciesOptions): Pick<ExplainWish, 'proposed' | 'existing'> {
  if (size === undefined && header === undefined && ownedBy === undefined) return { proposed: null, existing: null }
  const given = sortHeaders(Object.fromEntries(pairs(header ?? [], '--header')), '--header')
  const described: SuppliedObject = { ...given, size: size ?? null, owner: null }
  const isRead = ['GetObject', 'HeadObject', 'DeleteObject', 'DeleteObjects'].includes(operation)
  if (isRead) return { proposed: null, existing: { ...described, owner: ownedBy ?? null } }
  const none: SuppliedObject = { size: null, headers: {}, userMetadata: {}, owner: null }
  return { proposed: described, existing: ownedBy === undefined ? null : { ...none, owner: ownedBy } }
}

function callerOf({ as, sub, claims, account, anonymous, key }: ExplainPoliciesOptions): SupposedCaller {
  const ways = [as, anonymous === true ? anonymous : undefined, key].filter((way) => way !== undefined)
  if (ways.length > 1) throw new Error('Say once who it is: --as, --anonymous or --key.')
  if (as === undefined && (sub !== undefined || claims !== undefined)) throw new Error('--sub and --claims go with --as.')
  if (account !== undefined && (anonymous === true || key !== undefined)) throw new Error('--account goes with --as, or stands alone.')
  if (anonymous === true) return { kind: 'anonymous' }
  if (key !== undefined) return { kind: 'key', accessKeyId: key }
  if (as !== undefined) return { kind: 'role', role: as, sub: sub ?? null, claims: claims ?? {}, account: account ?? ROOT_ACCOUNT }
  if (account === undefined) throw new Error('Say who it is: --as ROLE, --anonymous, --key ACCESSKEYID or --account ACCOUNT.')
  return { kind: 'account', account }
}

function sourceOf(text: string, asked: { readonly jurisdiction?: string }): NonNullable<ExplainWish['source']> {
  const slash = text.indexOf('/')
  if (slash < 1) throw new Error('--source is BUCKET/KEY.')
  return { bucket: { ...asked, name: text.slice(0, slash) }, key: text.slice(slash + 1) }
}

function pairs(texts: readonly string[], flag: string): readonly (readonly [string, string])[] {
  return texts.map((text) => {
    const at = text.indexOf('=')
    if (at < 1) throw new Error(`${flag} is NAME=VALUE.`)
    return [text.slice(0, at), text.slice(at + 1)]
  })
}

/** As a door would tell it. */
function factOf(text: string): string | boolean {
  return text === 'true' || text === 'false' ? text === 'true' : text
}
