import type { JsonObject } from '@stowage/core'
import { parseDocumentUrl } from '../jwt/fetch-document.ts'
import { jwksMembers, jwtKeyFromJwk } from '../jwt/jwt-key.ts'
import { checkedDescription, invalid } from '../stored/stored-parts.ts'
import type { ProjectInfo, ProjectSettings } from './project.ts'

const JWKS_KEYS_MAX = 100
const LIST_MAX = 100
const TEXT_LENGTH_MAX = 2048
/** All that is kept of a JWK: what is not here may be its private half. */
const PUBLIC_FIELDS = ['kty', 'crv', 'n', 'e', 'x', 'y', 'kid', 'alg', 'use', 'key_ops'] as const

type Checked = Pick<ProjectInfo, 'description' | 'jwks' | 'jwksUrl' | 'issuers' | 'audiences' | 'presignWithUserJwt'>

/** What settings make of a project; what they do not name is as it was. Throws `InvalidArgument` for what makes no sense. */
export function withSettings(former: Checked, settings: ProjectSettings, { allowHttp }: { readonly allowHttp: boolean }): Checked {
  const { description, jwks, jwksUrl, issuers, audiences, presignWithUserJwt } = settings
  const checked = {
    description: description === undefined ? former.description : checkedDescription(description),
    jwks: jwks === undefined ? former.jwks : jwks === null ? [] : checkedJwks(jwks),
    jwksUrl: jwksUrl === undefined ? former.jwksUrl : checkedUrl(jwksUrl, allowHttp),
    issuers: issuers === undefined ? former.issuers : checkedTexts('issuers', issuers),
    audiences: audiences === undefined ? former.audiences : checkedTexts('audiences', audiences),
    presignWithUserJwt: presignWithUserJwt ?? former.presignWithUserJwt,
  }
  // One that was made before this was asked may still be changed in other ways.
  if (jwksUrl !== undefined || issuers !== undefined || audiences !== undefined) checkWhoIsMeant(checked)
  return checked
}

/** Who publishes keys signs tokens of others with them, too: those of every customer, or of every application. */
function checkWhoIsMeant({ jwksUrl, issuers, audiences }: Pick<Checked, 'jwksUrl' | 'issuers' | 'audiences'>): void {
  if (jwksUrl === null || issuers !== null || audiences !== null) return
  throw invalid(
    'jwksUrl',
    'needs issuers or audiences beside it: its keys sign tokens for others, too, and which ones are meant must be said',
  )
}

function checkedJwks(jwks: JsonObject): readonly JsonObject[] {
  try {
    const members = jwksMembers(jwks)
    if (members.length > JWKS_KEYS_MAX) throw new TypeError(`it has more than ${JWKS_KEYS_MAX} keys`)
    return members.map((jwk) => {
      if (jwk['kty'] === 'oct') throw new TypeError('a shared secret does not belong in it: give it as the secret of the project')
      jwtKeyFromJwk(jwk)
      return Object.fromEntries(PUBLIC_FIELDS.flatMap((name) => (jwk[name] === undefined ? [] : [[name, jwk[name]]])))
    })
  } catch (error) {
    if (error instanceof TypeError) throw invalid('jwks', `cannot be used: ${error.message}`)
    throw error
  }
}

function checkedUrl(url: string | null, allowHttp: boolean): string | null {
  if (url === null) return null
  try {
    return parseDocumentUrl(url, allowHttp).href
  } catch (error) {
    throw invalid('jwksUrl', error instanceof TypeError ? `cannot be used: ${error.message}` : 'cannot be used')
  }
}

function checkedTexts(argument: string, texts: readonly string[] | null): readonly string[] | null {
  if (texts === null) return null
  const isFine = texts.length > 0 && texts.length <= LIST_MAX && texts.every((text) => text !== '' && text.length <= TEXT_LENGTH_MAX)
  if (!isFine) throw invalid(argument, `is a list of 1 to ${LIST_MAX} texts`)
  return texts
}
