import type { JsonObject } from '../caller.ts'
import type { Access } from '../policy.ts'
import { principalArn, principalId, principalUser } from './principal-arn.ts'
import type { RequestValueOf } from './condition.ts'

/** What a request says of one key; null where it says nothing. */
type ReadKey = (access: Access) => string | number | boolean | null

/** Headers of S3 that conditions may name. A door states them as facts only where the signature covers them. */
const HEADER_KEYS = [
  'x-amz-acl',
  'x-amz-content-sha256',
  'x-amz-copy-source',
  'x-amz-metadata-directive',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-storage-class',
] as const

/**
 * The keys that conditions may name: a closed list, each from a fact that the server derived itself. Nothing else of a request is ever
 * looked at: a client that sends `?SourceIp=…` says nothing. In lower case: keys of AWS have none.
 */
const KEYS: ReadonlyMap<string, ReadKey> = new Map<string, ReadKey>([
  ['aws:sourceip', fact('sourceIp')],
  ['aws:securetransport', fact('secureTransport')],
  ['aws:referer', fact('referer')],
  ['aws:useragent', fact('userAgent')],
  ['aws:currenttime', ({ request }) => request.at.toISOString()],
  ['aws:epochtime', ({ request }) => Math.floor(request.at.getTime() / 1_000)],
  ['aws:principalarn', ({ caller }) => principalArn(caller)],
  ['aws:principalaccount', ({ caller }) => (caller.principal.kind === 'anonymous' ? null : caller.account)],
  ['aws:principaltype', ({ caller }) => principalType(caller.principal.kind)],
  ['aws:userid', ({ caller }) => principalId(caller)],
  ['aws:username', ({ caller }) => principalUser(caller)],
  ['s3:prefix', ({ listing }) => listing?.prefix ?? null],
  ['s3:delimiter', ({ listing }) => listing?.delimiter ?? null],
  ['s3:max-keys', ({ listing }) => listing?.limit ?? null],
  ['s3:versionid', ({ versionId }) => versionId],
  ['s3:resourceaccount', ({ bucket }) => bucket?.account ?? null],
  ['s3:authtype', fact('authType')],
  ['s3:signatureversion', fact('signatureVersion')],
  ['s3:signatureage', fact('signatureAge')],
  ...HEADER_KEYS.map((name) => [`s3:${name}`, fact(name)] as const),
])

const CLAIM = 'jwt:'

function fact(name: string): ReadKey {
  return ({ request }) => request.facts.get(name) ?? null
}

function principalType(kind: Access['caller']['principal']['kind']): string {
  if (kind === 'anonymous') return 'Anonymous'
  return kind === 'account' ? 'Account' : 'User'
}

/** Whether conditions and variables may name it; in any case of letters. `jwt:NAME` is a claim of the caller's token that is a text, a number or a truth value. */
export function isConditionKey(name: string): boolean {
  const key = name.toLowerCase()
  return KEYS.has(key) || (key.startsWith(CLAIM) && /^[\w-]{1,64}$/.test(key.slice(CLAIM.length)))
}

/** Reads the keys of one request. */
export function requestValues(access: Access): RequestValueOf {
  return (key) => {
    if (key.startsWith(CLAIM)) return claim(access, key.slice(CLAIM.length))
    const value = KEYS.get(key)?.(access) ?? null
    return value === null ? null : String(value)
  }
}

function claim({ caller: { principal } }: Access, name: string): string | null | undefined {
  const claims = claimsOf(principal)
  // Claims have cases, keys do not: the one claim of that name, where there is one. Of several nobody knows which is meant.
  const names = Object.keys(claims).filter((each) => each.toLowerCase() === name)
  if (names.length > 1) return undefined
  const value = names[0] === undefined ? null : claims[names[0]]
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : null
}

/** A signed URL speaks for whom it was signed. */
function claimsOf(principal: Access['caller']['principal']): JsonObject {
  if (principal.kind === 'role') return principal.claims
  const claims = principal.kind === 'grant' ? principal.frozen['claims'] : null
  return typeof claims === 'object' && claims !== null && !Array.isArray(claims) ? (claims as JsonObject) : {}
}
