import { StsFault } from './sts-fault.ts'
import type { StsParameters, WebIdentityRequest } from './sts-issuer.ts'

/** What is asked of the service. */
export type ParsedStsRequest =
  | ({ readonly action: 'AssumeRole' } & StsParameters)
  | WebIdentityRequest
  | { readonly action: 'GetCallerIdentity' }

const VERSION = '2011-06-15'
const ROLE_ARN_LENGTH_MAX = 2048
const POLICY_LENGTH_MAX = 2048

/**
 * Reads the parameters of a request. Names that nobody knows are passed over, as AWS does, but for those that would make the credential
 * less than what we would make of it. Fails with a `StsFault`.
 */
export function parseStsRequest(fields: ReadonlyMap<string, string>): ParsedStsRequest {
  const action = fields.get('Action')
  if (action === undefined) throw new StsFault('MissingAction', 'The request names no Action.')
  const version = fields.get('Version')
  if (version !== VERSION) throw new StsFault('InvalidAction', `The Version of the request must be ${VERSION}.`)
  switch (action) {
    case 'AssumeRole':
      return { action, ...parameters(fields) }
    case 'AssumeRoleWithWebIdentity': {
      const webIdentityToken = fields.get('WebIdentityToken') ?? ''
      if (webIdentityToken === '') throw new StsFault('ValidationError', 'WebIdentityToken is missing.')
      return { action, webIdentityToken, ...parameters(fields) }
    }
    case 'GetCallerIdentity':
      return { action }
    default:
      throw new StsFault('InvalidAction', 'There is no such Action: there are AssumeRole, AssumeRoleWithWebIdentity and GetCallerIdentity.')
  }
}

function parameters(fields: ReadonlyMap<string, string>): StsParameters {
  for (const name of fields.keys()) {
    if (name.startsWith('PolicyArns.')) {
      throw new StsFault('MalformedPolicyDocument', 'There are no managed policies here: say what the credential may do in Policy.')
    }
  }
  const policy = fields.get('Policy') ?? null
  if (policy !== null && policy.length > POLICY_LENGTH_MAX) {
    throw new StsFault('PackedPolicyTooLarge', `Policy has at most ${POLICY_LENGTH_MAX} characters.`)
  }
  return { durationSeconds: duration(fields), policy, roleArn: roleArn(fields), roleSessionName: sessionName(fields) }
}

function duration(fields: ReadonlyMap<string, string>): number | null {
  const text = fields.get('DurationSeconds')
  if (text === undefined) return null
  if (!/^[0-9]{1,9}$/.test(text)) throw new StsFault('ValidationError', 'DurationSeconds must be a whole number.')
  return Number(text)
}

function roleArn(fields: ReadonlyMap<string, string>): string | null {
  const text = fields.get('RoleArn')
  if (text === undefined) return null
  if (!/^[\x21-\x7e]+$/.test(text) || text.length > ROLE_ARN_LENGTH_MAX) throw new StsFault('ValidationError', 'RoleArn is not valid.')
  return text
}

/** AWS: API_AssumeRole, RoleSessionName. */
function sessionName(fields: ReadonlyMap<string, string>): string | null {
  const text = fields.get('RoleSessionName')
  if (text === undefined) return null
  if (!/^[\w+=,.@-]{2,64}$/.test(text)) throw new StsFault('ValidationError', 'RoleSessionName has 2 to 64 of A-Z a-z 0-9 _ + = , . @ -')
  return text
}
