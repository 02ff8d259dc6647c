import { createHmac } from 'node:crypto'
import { accountCaller } from '@stowage/core'
import { jwtSecret, JwtVerifier, localKeys, MemoryRevocations, SUPABASE_ROLES, TemporaryCredentials, tokenKeys } from '@stowage/credentials'
import type { S3Credential } from '@stowage/credentials'
import { behindProxies } from '@stowage/http'
import type { HttpHandler, HttpHeader } from '@stowage/http'
import { stsHandler } from '../src/index.ts'
import type { StsHandlerOptions, StsIssuer } from '../src/index.ts'
import { httpRequest } from './signed-request.ts'

const SECRET = Buffer.alloc(32, 'jwt secret')
const FORM = 'application/x-www-form-urlencoded'
const NOW = new Date(Date.UTC(2030, 0, 1))
const clock = (): Date => NOW

const parents = {
  find: (id: string): S3Credential | null =>
    id === 'AKIAPARENT' ? { id, version: '1', secretAccessKey: 'f'.repeat(64), caller: accountCaller('acme', id) } : null,
}

/** Temporary credentials of one project. */
function credentialsOf(project: string): TemporaryCredentials {
  return new TemporaryCredentials({
    keys: tokenKeys({ purpose: 'sts', project, secrets: [{ kid: '1', secret: Buffer.alloc(32, 1) }] }),
    audience: `https://sts.example/${project}`,
    clock,
    parents,
    revocations: new MemoryRevocations(clock),
    verifier: new JwtVerifier({ keys: [localKeys([jwtSecret(SECRET)])], clock }),
    roles: SUPABASE_ROLES,
    account: 'acme',
    project,
  })
}

/** An answer, as far as tests look at it. */
export interface StsAnswer {
  readonly status: number
  /** `''` for none. */
  readonly code: string
  readonly text: string
}

/** The security token service without a server: two projects with the same issuer, chosen by the role. */
export class StsDoorRig {
  readonly events: { readonly name: string; readonly fields: Readonly<Record<string, unknown>> }[] = []
  readonly #handler: HttpHandler

  constructor(options: Partial<StsHandlerOptions> = {}, proxies: readonly string[] = []) {
    const [first, second] = [credentialsOf('first'), credentialsOf('second')]
    const issuer: StsIssuer = {
      assumeRole: (request, parent) => first.assumeRole(request, parent),
      assumeRoleWithWebIdentity: (request) => (request.roleArn?.includes('second') ? second : first).assumeRoleWithWebIdentity(request),
    }
    const observer = { event: (name: string, fields: Readonly<Record<string, unknown>>) => void this.events.push({ name, fields }) }
    this.#handler = behindProxies(stsHandler({ issuer, credentials: parents, region: 'us-east-1', clock, observer, ...options }), proxies)
  }

  /** Posts a form. */
  async post(
    body: string,
    { address = '192.0.2.1', type = FORM, headers = [] }: { address?: string; type?: string; headers?: readonly HttpHeader[] } = {},
  ): Promise<StsAnswer> {
    const all: HttpHeader[] = [['host', 'h'], ['content-type', type], ...headers]
    const request = httpRequest({ method: 'POST', target: '/', headers: all, body: [Buffer.from(body)] })
    const answer = await this.#handler({ ...request, peer: { address, encrypted: false } })
    const text = answer.body instanceof Uint8Array ? Buffer.from(answer.body).toString() : ''
    return { status: answer.status, code: /<Code>(\w+)</.exec(text)?.[1] ?? '', text }
  }

  /** Asks for a credential of a user. */
  asUser(sub: string, project: 'first' | 'second' = 'first'): Promise<StsAnswer> {
    return this.post(identityForm(userToken({ role: 'authenticated', sub }), project))
  }
}

/** A token of the issuer, good for an hour. */
export function userToken(claims: object | string): string {
  const text = (value: object | string): string =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
  const exp = Math.floor(NOW.getTime() / 1000) + 3600
  const head = `${text({ alg: 'HS256', typ: 'JWT' })}.${text(typeof claims === 'string' ? claims : { exp, ...claims })}`
  return `${head}.${createHmac('sha256', SECRET).update(head).digest('base64url')}`
}

export function identityForm(token: string, project: 'first' | 'second' = 'first'): string {
  const role = encodeURIComponent(`arn:aws:iam::${project}:role/any`)
  return `Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=${role}&WebIdentityToken=${token}`
}
