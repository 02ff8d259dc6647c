import type { Clock } from '@stowage/core'
import type { JwtKeySource } from '../jwt/jwt-key-source.ts'
import { localKeys } from '../jwt/jwt-key-source.ts'
import { jwtKeyFromJwk, jwtSecret } from '../jwt/jwt-key.ts'
import { JwtVerifier } from '../jwt/jwt-verifier.ts'
import { remoteKeys } from '../jwt/remote-keys.ts'
import type { VerifiedTokens } from '../jwt/verified-tokens.ts'
import type { RemoteKeysOptions } from '../jwt/remote-keys.ts'
import type { Roles } from '../roles.ts'
import { isCurrent } from '../stored/stored-parts.ts'
import type { OpenedProject } from './projects.ts'

/** How keys are read that issuers publish: see `RemoteKeysOptions`. */
export type RemoteKeysSettings = Omit<RemoteKeysOptions, 'url' | 'clock'>

/** What a verifier of a project is made with. */
export interface ProjectVerifierOptions {
  /** The time that those of tokens are held against. */
  readonly clock: Clock
  /** The roles that tokens may name. */
  readonly roles: Roles
  /** How keys are read that an issuer publishes. */
  readonly remoteKeys: RemoteKeysSettings
  /** Where verified tokens are remembered. */
  readonly remembered: VerifiedTokens
}

/** The verifier of a project's tokens: by its shared secrets, then by the public keys at hand, then by those that its issuer publishes. */
export function projectVerifier(
  opened: OpenedProject,
  { clock, roles, remoteKeys: settings, remembered }: ProjectVerifierOptions,
): JwtVerifier {
  const { jwks, jwksUrl, issuers, audiences } = opened.project
  const atHand = jwks.length === 0 ? [] : [localKeys(jwks.map(jwtKeyFromJwk))]
  const published = jwksUrl === null ? [] : [remoteKeys({ ...settings, url: jwksUrl, clock })]
  return new JwtVerifier({
    keys: [secretsOf(opened, clock), ...atHand, ...published],
    clock,
    roles,
    remembered,
    ...(issuers === null ? {} : { issuers }),
    ...(audiences === null ? {} : { audiences }),
  })
}

/** The keys of a project's shared secrets, each until its end. They have no names, as Supabase's has none. */
function secretsOf({ project, secrets }: OpenedProject, clock: Clock): JwtKeySource {
  const known = project.jwtSecrets.flatMap(({ id, expiresAt }) => {
    const secret = secrets.get(id)
    return secret === undefined ? [] : [{ key: jwtSecret(secret), expiresAt }]
  })
  return { find: (kid) => (kid === null ? known.filter((each) => isCurrent(each, clock())).map(({ key }) => key) : []) }
}
