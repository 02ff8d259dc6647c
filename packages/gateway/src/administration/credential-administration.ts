import type { JsonObject, JsonValue } from '@stowage/core'
import { parseR2TemporaryRequest } from '@stowage/credentials'
import type { OpaqueKeyInfo, ProjectInfo, ProjectSettings, R2TokenInfo, StoredCredentials } from '@stowage/credentials'
import type { CredentialAnswer, CredentialRequest, ProjectWish } from './credential-request.ts'

/** Who does it, in the audit events. */
const BY = { by: 'operator' } as const

const DONE = { done: true } as const

/** Does what an operator wants of projects, tokens and temporary credentials. Rejects with the errors of `StoredCredentials`. */
export async function administerCredentials(
  stored: StoredCredentials,
  request: Exclude<CredentialRequest, { readonly do: 'reseal' }>,
): Promise<CredentialAnswer> {
  switch (request.do) {
    case 'project.create':
      return createProject(stored, request)
    case 'project.update':
      await stored.projects.update(request.ref, { ...BY, ...settings(request) })
      if (request.anonKey !== null) await stored.projects.addAnonKey(request.ref, request.anonKey, BY)
      return DONE
    case 'project.list':
      return { rows: (await stored.projects.list()).map(shownProject) }
    case 'project.rotate-secret': {
      const { ref, jwtSecret, overlapSeconds } = request
      const rotated = await stored.projects.rotateSecret(ref, { ...BY, overlapSeconds, ...(jwtSecret === null ? {} : { jwtSecret }) })
      return rotated.jwtSecret === null ? DONE : { made: { jwtSecret: rotated.jwtSecret } }
    }
    case 'project.legacy-keys':
      return { made: { ...(await stored.projects.createLegacyKeys(request.ref, BY)) } }
    case 'project.delete':
      await stored.deleteProject(request.ref, BY)
      return DONE
    case 'token.create-key':
    case 'token.create-r2':
      return createToken(stored, request)
    case 'token.list':
      return { rows: await listTokens(stored, request) }
    case 'token.rotate':
    case 'token.revoke':
      return changeToken(stored, request)
    case 'temporary.create':
    case 'temporary.revoke':
    case 'temporary.revoke-all':
      return temporary(stored, request)
  }
}

type RequestTo<D extends CredentialRequest['do']> = Extract<CredentialRequest, { readonly do: D }>

async function createProject(stored: StoredCredentials, request: RequestTo<'project.create'>): Promise<CredentialAnswer> {
  const { ref, account, jwtSecret, anonKey } = request
  const input = { ...BY, ref, account, ...settings(request), ...(jwtSecret === null ? {} : { jwtSecret }) }
  const made = await stored.projects.create(input)
  if (anonKey !== null) await stored.projects.addAnonKey(ref, anonKey, BY)
  // What a client signs sessions with: without one nobody has a session.
  const { key } = await stored.opaqueKeys.create({ ...BY, project: ref, kind: 'publishable', description: 'the first one' })
  return { made: { ref, publishableKey: key, ...(made.jwtSecret === null ? {} : { jwtSecret: made.jwtSecret }) } }
}

async function createToken(
  stored: StoredCredentials,
  request: RequestTo<'token.create-key' | 'token.create-r2'>,
): Promise<CredentialAnswer> {
  const { description, expiresAt } = request
  const common = {
    ...BY,
    ...(description === null ? {} : { description }),
    ...(expiresAt === null ? {} : { expiresAt: new Date(expiresAt) }),
  }
  if (request.do === 'token.create-key') {
    return { made: { ...(await stored.opaqueKeys.create({ ...common, project: request.project, kind: request.kind })) } }
  }
  const { account, accountId, policies } = request
  const token = await stored.r2Tokens.create({ ...common, account, policies, ...(accountId === null ? {} : { accountId }) })
  return { made: shownR2Token(token) }
}

async function changeToken(stored: StoredCredentials, request: RequestTo<'token.rotate' | 'token.revoke'>): Promise<CredentialAnswer> {
  const { id } = request
  // Ids of opaque keys begin with their project's.
  const isOpaque = id.includes('/')
  if (request.do === 'token.revoke') {
    await (isOpaque ? stored.opaqueKeys.revoke(id, BY) : stored.r2Tokens.revoke(id, BY))
    return DONE
  }
  if (isOpaque) return { made: { ...(await stored.opaqueKeys.rotate(id, { ...BY, overlapSeconds: request.overlapSeconds })) } }
  if (request.overlapSeconds > 0) throw new Error('A token of R2 has one secret: make a second token, and revoke this one later.')
  return { made: shownR2Token(await stored.r2Tokens.roll(id, BY)) }
}

async function temporary(
  stored: StoredCredentials,
  request: RequestTo<'temporary.create' | 'temporary.revoke' | 'temporary.revoke-all'>,
): Promise<CredentialAnswer> {
  if (request.do === 'temporary.revoke-all') {
    await stored.tokenSecrets.rotate({ ...BY, revokesFormer: true })
    return DONE
  }
  if (request.do === 'temporary.revoke') {
    const { project, by, value } = request
    await stored.revocations.revoke(project, by === 'jti' ? { jti: value } : by === 'sub' ? { sub: value } : { sessionId: value }, BY)
    return DONE
  }
  const made = await stored.issueR2Temporary(parseR2TemporaryRequest(request.request, request.jurisdiction), BY)
  const { jti, accessKeyId, secretAccessKey, sessionToken, expiration } = made
  return { made: { jti, accessKeyId, secretAccessKey, sessionToken, expiresAt: expiration.toISOString() } }
}

async function listTokens(stored: StoredCredentials, { project, account }: RequestTo<'token.list'>): Promise<readonly Row[]> {
  // Whoever asks for those of a project, or of an account, does not want the other kind.
  const keys = account === null ? await stored.opaqueKeys.list(project ?? undefined) : []
  const tokens = project === null ? await stored.r2Tokens.list(account ?? undefined) : []
  return [...keys.map(shownKey), ...tokens.map(shownToken)]
}

type Row = Readonly<Record<string, JsonValue>>

function shownR2Token({
  id,
  value,
  secretAccessKey,
}: {
  id: string
  value: string
  secretAccessKey: string
}): Readonly<Record<string, string>> {
  return { id, value, accessKeyId: id, secretAccessKey }
}

function settings({ description, jwks, jwksUrl, issuers, audiences, presignWithUserJwt }: ProjectWish): ProjectSettings {
  return {
    ...(description === null ? {} : { description }),
    // What is no JWKS is refused where it is read.
    ...(jwks === null ? {} : { jwks: jwks as JsonObject }),
    ...(jwksUrl === null ? {} : { jwksUrl }),
    ...(issuers === null ? {} : { issuers }),
    ...(audiences === null ? {} : { audiences }),
    ...(presignWithUserJwt === null ? {} : { presignWithUserJwt }),
  }
}

function shownProject(project: ProjectInfo): Row {
  const { ref, account, description, jwtSecrets, jwks, jwksUrl, issuers, audiences, anonKeys, presignWithUserJwt, createdAt } = project
  return {
    ref,
    account,
    description,
    jwtSecrets: jwtSecrets.map((secret) => ({ id: secret.id, createdAt: iso(secret.createdAt), expiresAt: iso(secret.expiresAt) })),
    // JSON they are.
    jwks: jwks as readonly JsonValue[],
    jwksUrl,
    issuers,
    audiences,
    anonKeys: anonKeys.map(({ key, expiresAt }) => ({ key, expiresAt: iso(expiresAt) })),
    presignWithUserJwt,
    createdAt: iso(createdAt),
  }
}

function shownKey({ id, kind, project, key, description, createdAt, expiresAt, lastUsedAt }: OpaqueKeyInfo): Row {
  const times = { createdAt: iso(createdAt), expiresAt: iso(expiresAt), lastUsedAt: iso(lastUsedAt) }
  return { id, kind, project, key, description, ...times }
}

function shownToken({ id, account, accountId, policies, description, createdAt, expiresAt, lastUsedAt }: R2TokenInfo): Row {
  const times = { createdAt: iso(createdAt), expiresAt: iso(expiresAt), lastUsedAt: iso(lastUsedAt) }
  return { id, kind: 'r2', account, accountId, policies, description, ...times }
}

function iso(time: Date | null): string | null {
  return time?.toISOString() ?? null
}
