import { accountCaller, type Scope } from '@stowage/core'
import { SignJWT } from 'jose'
import { localKeys } from '../src/jwt/jwt-key-source.ts'
import { jwtSecret } from '../src/jwt/jwt-key.ts'
import { JwtVerifier } from '../src/jwt/jwt-verifier.ts'
import { SUPABASE_ROLES } from '../src/roles.ts'
import type { FoundS3Credential, S3Credential } from '../src/s3/s3-credential.ts'
import { MemoryRevocations } from '../src/sts/revocations.ts'
import { TemporaryCredentials, type TemporaryCredentialsOptions } from '../src/sts/temporary-credentials.ts'
import { tokenKeys } from '../src/tokens/token-keys.ts'

export const START = 1_800_000_000
export const PARENT_ID = 'parent'
const JWT_SECRET = Buffer.alloc(32, 'jwt secret')

export function userToken(claims: object): Promise<string> {
  return new SignJWT({ exp: START + 100_000, ...claims }).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(JWT_SECRET)
}

export function parentKey(scope: Scope | null = null, more: Partial<S3Credential> = {}): S3Credential {
  const caller = { ...accountCaller('account', PARENT_ID), scope }
  return { id: 'key-1', version: '1', secretAccessKey: 'f'.repeat(64), caller, ...more }
}

/** Temporary credentials over keys that a test can change, at a time that it sets. */
export class Rig {
  now: number = START
  readonly keys: Map<string, S3Credential> = new Map([[PARENT_ID, parentKey()]])
  readonly clock = (): Date => new Date(this.now * 1000)
  readonly verifier = new JwtVerifier({ keys: [localKeys([jwtSecret(JWT_SECRET)])], clock: this.clock })
  readonly revocations = new MemoryRevocations(this.clock)
  readonly parents = { find: (id: string): S3Credential | null => this.keys.get(id) ?? null }
  readonly credentials: TemporaryCredentials

  constructor(options: Partial<TemporaryCredentialsOptions> = {}) {
    this.credentials = new TemporaryCredentials({
      keys: tokenKeys({ purpose: 'sts', project: 'project', secrets: [{ kid: 'k', secret: Buffer.alloc(32, 3) }] }),
      audience: 'https://sts.example',
      clock: this.clock,
      parents: this.parents,
      revocations: this.revocations,
      verifier: this.verifier,
      roles: SUPABASE_ROLES,
      account: 'account',
      ...options,
    })
  }

  get parent(): { readonly accessKeyId: string; readonly credential: S3Credential } {
    return { accessKeyId: PARENT_ID, credential: this.keys.get(PARENT_ID) ?? parentKey() }
  }

  async find({ accessKeyId, sessionToken }: { readonly accessKeyId: string; readonly sessionToken: string }): Promise<S3Credential> {
    const found = await this.answer(accessKeyId, sessionToken)
    if (found === null || 'refused' in found) throw new Error(JSON.stringify(found))
    return found
  }

  answer(accessKeyId: string, sessionToken: string | null): FoundS3Credential | Promise<FoundS3Credential> {
    return this.credentials.find(accessKeyId, sessionToken)
  }
}
