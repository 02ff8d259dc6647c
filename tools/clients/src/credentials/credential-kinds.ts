import { createHash, createHmac } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mustRun } from '../../../verify/src/run-command.ts'
import { stowageCommand } from '../../../verify/src/server.ts'
import type { Target } from '../client.ts'
import { BUCKET, OWN_PREFIX, PROJECT, R2_ENDPOINT } from './credential-server.ts'

/** The credentials that each client is used with. None of them reaches more than it is for. */
export const CREDENTIAL_KINDS = ['scoped key', 'session token', 'R2 temporary', 'R2 signed by the client', 'web identity'] as const

export type CredentialKind = (typeof CREDENTIAL_KINDS)[number]

/** The part of a target that says who asks. */
export type Shown = Pick<Target, 'accessKeyId' | 'secretAccessKey' | 'sessionToken' | 'webIdentity'>

/** Makes credentials on the server that has a directory open, as an operator would. */
export class CredentialMaker {
  readonly #data: string
  readonly #directory: string
  readonly #jwtSecret = createHash('sha256').update('secret of the project').digest('hex')
  #project: Promise<{ readonly publishableKey: string }> | null = null
  #token: Promise<{ readonly id: string; readonly secretAccessKey: string }> | null = null

  constructor(directory: string) {
    this.#data = join(directory, 'data')
    this.#directory = directory
  }

  make(kind: CredentialKind): Promise<Shown> {
    switch (kind) {
      case 'scoped key':
        return this.#scopedKey()
      case 'session token':
        return this.#session()
      case 'R2 temporary':
        return this.#r2Temporary()
      case 'R2 signed by the client':
        return this.#r2Signed()
      case 'web identity':
        return this.#webIdentity()
    }
  }

  async #scopedKey(): Promise<Shown> {
    const scope = { buckets: [{ jurisdiction: 'default', name: BUCKET }], prefixes: [OWN_PREFIX] }
    return (await this.#stowage('keys', 'create', '--scope', JSON.stringify(scope))) as Shown
  }

  async #session(): Promise<Shown> {
    const { publishableKey } = await this.#makeProject()
    return { accessKeyId: PROJECT, secretAccessKey: publishableKey, sessionToken: this.#userToken('ann') }
  }

  async #webIdentity(): Promise<Shown> {
    await this.#makeProject()
    const tokenFile = join(this.#directory, 'web-identity-token')
    await writeFile(tokenFile, this.#userToken('bob'))
    return { accessKeyId: '', secretAccessKey: '', webIdentity: { roleArn: `arn:aws:iam::${PROJECT}:role/authenticated`, tokenFile } }
  }

  async #r2Temporary(): Promise<Shown> {
    const { id } = await this.#makeToken()
    const what = ['--bucket', BUCKET, '--permission', 'object-read-write', '--prefix', OWN_PREFIX]
    return (await this.#stowage('tokens', 'temporary', '--parent', id, ...what)) as Shown
  }

  async #r2Signed(): Promise<Shown> {
    const { id, secretAccessKey } = await this.#makeToken()
    const paths = { prefixPaths: [OWN_PREFIX] }
    const claims = { bucket: BUCKET, scope: 'object-read-write', paths, sub: 'root', iss: id, aud: R2_ENDPOINT }
    const jwt = sign(claims, secretAccessKey)
    const sha256 = createHash('sha256').update(jwt).digest('hex')
    return { accessKeyId: id, secretAccessKey: sha256, sessionToken: Buffer.from(`jwt/${jwt}`).toString('base64') }
  }

  #userToken(sub: string): string {
    return sign({ role: 'authenticated', sub }, this.#jwtSecret)
  }

  #makeProject(): Promise<{ readonly publishableKey: string }> {
    this.#project ??= (async () => {
      const file = join(this.#directory, 'jwt-secret')
      await writeFile(file, this.#jwtSecret)
      return (await this.#stowage('projects', 'create', PROJECT, '--jwt-secret-file', file)) as { readonly publishableKey: string }
    })()
    return this.#project
  }

  #makeToken(): Promise<{ readonly id: string; readonly secretAccessKey: string }> {
    this.#token ??= (async () => {
      const resources = { [`com.cloudflare.edge.r2.bucket.root_default_${BUCKET}`]: '*' }
      const groups = [{ id: '1', name: 'Workers R2 Storage Bucket Item Write' }]
      const policies = JSON.stringify([{ id: '1', effect: 'allow', resources, permission_groups: groups }])
      return (await this.#stowage('tokens', 'create', '--r2', policies)) as { readonly id: string; readonly secretAccessKey: string }
    })()
    return this.#token
  }

  /** The directory comes behind whatever else has no name: `keys create`, or `projects create REF`. */
  async #stowage(noun: string, verb: string, ...args: readonly string[]): Promise<unknown> {
    const at = args.findIndex((arg) => arg.startsWith('--'))
    const [command = '', ...rest] = stowageCommand([noun, verb, ...args.slice(0, at), this.#data, ...args.slice(at), '--json'])
    return JSON.parse(await mustRun(command, rest)) as unknown
  }
}

const LIFETIME_SECONDS = 900

function sign(claims: object, secret: string): string {
  const text = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const iat = Math.floor(Date.now() / 1000)
  const head = `${text({ alg: 'HS256', typ: 'JWT' })}.${text({ ...claims, iat, exp: iat + LIFETIME_SECONDS })}`
  return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`
}
