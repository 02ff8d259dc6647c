import { Buffer } from 'node:buffer'
import type { Caller } from '@stowage/core'
import type { HttpHeader, HttpResponse } from '@stowage/http'
import { element, optionalElement } from '../xml/element.ts'
import type { XmlElement } from '../xml/element.ts'
import { writeXml } from '../xml/write.ts'
import { STS_STATUS } from './sts-fault.ts'
import type { StsFault } from './sts-fault.ts'
import type { IssuedCredential, StsParameters } from './sts-issuer.ts'

/** The name space of all that the service answers with. */
const STS_NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/'

/** An answer with a temporary credential in it, for `AssumeRole` or `AssumeRoleWithWebIdentity`. */
export function issuedResponse(
  issued: IssuedCredential,
  request: StsParameters & { readonly action: 'AssumeRole' | 'AssumeRoleWithWebIdentity' },
  requestId: string,
): HttpResponse {
  const { accessKeyId, secretAccessKey, sessionToken, expiration, sub } = issued
  const session = request.roleSessionName ?? accessKeyId
  const result = [
    element('AssumedRoleUser', [
      element('Arn', assumedRoleArn(request.roleArn, session)),
      element('AssumedRoleId', `${accessKeyId}:${session}`),
    ]),
    element('Credentials', [
      element('AccessKeyId', accessKeyId),
      element('SecretAccessKey', secretAccessKey),
      element('SessionToken', sessionToken),
      element('Expiration', expiration.toISOString()),
    ]),
    ...optionalElement('SubjectFromWebIdentityToken', sub),
  ]
  return answer(request.action, result, requestId)
}

/** An answer that says who has signed the request. */
export function identityResponse({ principal, account }: Caller, userId: string, requestId: string): HttpResponse {
  const owner = account ?? ''
  const arn =
    principal.kind === 'role'
      ? `arn:aws:sts::${owner}:assumed-role/${principal.role}/${principal.sub ?? '-'}`
      : `arn:aws:iam::${owner}:root`
  return answer('GetCallerIdentity', [element('Arn', arn), element('UserId', userId), element('Account', owner)], requestId)
}

/** An error as the service writes it. */
export function faultResponse({ code, message, headers }: StsFault, requestId: string): HttpResponse {
  const status = STS_STATUS[code]
  const root = element('ErrorResponse', [
    element('Error', [element('Type', status < 500 ? 'Sender' : 'Receiver'), element('Code', code), element('Message', message)]),
    element('RequestId', requestId),
  ])
  return document(root, { status, requestId, headers })
}

function answer(action: string, result: readonly XmlElement[], requestId: string): HttpResponse {
  const root = element(`${action}Response`, [
    element(`${action}Result`, result),
    element('ResponseMetadata', [element('RequestId', requestId)]),
  ])
  return document(root, { status: 200, requestId, headers: [] })
}

interface Head {
  readonly status: number
  readonly requestId: string
  readonly headers: readonly HttpHeader[]
}

function document(root: XmlElement, { status, requestId, headers }: Head): HttpResponse {
  const body = Buffer.from(writeXml(root, { namespace: STS_NAMESPACE }), 'utf8')
  return {
    status,
    headers: [
      ['content-type', 'text/xml'],
      ['content-length', String(body.length)],
      // There are secrets in it.
      ['cache-control', 'no-store'],
      ...headers,
      // What SDKs look for, and what every other answer of the door has.
      ['x-amzn-requestid', requestId],
      ['x-amz-request-id', requestId],
    ],
    body,
  }
}

/** As AWS derives it from the role's. It decides nothing. */
function assumedRoleArn(roleArn: string | null, session: string): string {
  const [, account = '', role = 'caller'] = /^arn:[^:]*:[^:]*:[^:]*:([^:]*):role\/(?:.*\/)?([^/]+)$/.exec(roleArn ?? '') ?? []
  return `arn:aws:sts::${account}:assumed-role/${role}/${session}`
}
