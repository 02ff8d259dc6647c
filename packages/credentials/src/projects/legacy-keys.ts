import { SignJWT } from 'jose'
import type { LegacyKeys } from './project.ts'

const LIFETIME_SECONDS = 315_360_000

/** Makes the tokens that Supabase has in place of keys: for ten years, HS256 with the project's secret, without a `kid`. */
export async function signLegacyKeys(secret: string, ref: string, now: Date): Promise<LegacyKeys> {
  const iat = Math.floor(now.getTime() / 1000)
  const sign = (role: string): Promise<string> =>
    new SignJWT({ iss: 'supabase', ref, role, iat, exp: iat + LIFETIME_SECONDS })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .sign(Buffer.from(secret))
  return { anonKey: await sign('anon'), serviceRoleKey: await sign('service_role') }
}
