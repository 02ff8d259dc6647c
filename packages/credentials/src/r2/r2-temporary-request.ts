import { intersectScopes, type Scope } from '@stowage/core'
import { isJsonObject, isTextList } from '../read-json-object.ts'
import { isR2Permission, r2ActionsScope, type R2Permission, r2PermissionScope } from './r2-permissions.ts'

/** The longest that a temporary credential of R2 is good: a week. */
export const R2_TTL_SECONDS_MAX = 604_800
const TTL_SECONDS_DEFAULT = 900
const PATHS_MAX = 1000

/** What is asked of `POST /accounts/{account_id}/r2/temp-access-credentials`. */
export interface R2TemporaryRequest {
  readonly bucket: string
  readonly parentAccessKeyId: string
  readonly ttlSeconds: number
  /** What the credential may do at most, besides what its parent may. */
  readonly scope: Scope
}

/** What limits a temporary credential. */
export interface R2Limits {
  readonly bucket: { readonly jurisdiction: string; readonly name: string }
  readonly permission: R2Permission | null
  readonly actions: readonly string[] | null
  readonly prefixes: readonly string[] | null
  readonly objects: readonly string[] | null
}

/** The scope of a temporary credential: one bucket, and of permission, actions and paths what all let through. Null for an unknown action. */
export function r2TemporaryScope({ bucket, permission, actions, prefixes, objects }: R2Limits): Scope | null {
  const paths: Scope = { ...(prefixes === null ? {} : { prefixes }), ...(objects === null ? {} : { objects }) }
  const byPermission = permission === null ? {} : r2PermissionScope(permission)
  const byActions = actions === null ? {} : r2ActionsScope(actions)
  return byActions === null ? null : intersectScopes({ buckets: [bucket], ...paths }, intersectScopes(byPermission, byActions))
}

/** Reads the body of a request for a temporary credential. Throws a `TypeError` for anything that is not wholly understood. */
export function parseR2TemporaryRequest(body: unknown, jurisdiction = 'default'): R2TemporaryRequest {
  if (!isJsonObject(body)) throw new TypeError('the body must be an object')
  const { bucket, parentAccessKeyId, permission, ttlSeconds = TTL_SECONDS_DEFAULT, prefixes = null, objects = null, ...others } = body
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw new TypeError(`${JSON.stringify(unknown)} is not known`)
  if (typeof bucket !== 'string' || bucket === '') throw new TypeError('bucket must be the name of one')
  if (typeof parentAccessKeyId !== 'string' || parentAccessKeyId === '') throw new TypeError('parentAccessKeyId must be an access key id')
  if (!isR2Permission(permission)) throw new TypeError('permission must be one of those of R2')
  if (typeof ttlSeconds !== 'number' || !Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > R2_TTL_SECONDS_MAX) {
    throw new TypeError(`ttlSeconds must be a whole number from 1 to ${R2_TTL_SECONDS_MAX}`)
  }
  if (!isPathList(prefixes) || !isPathList(objects)) throw new TypeError(`prefixes and objects must be lists of at most ${PATHS_MAX} keys`)
  const scope = r2TemporaryScope({ bucket: { jurisdiction, name: bucket }, permission, actions: null, prefixes, objects })
  return { bucket, parentAccessKeyId, ttlSeconds, scope: scope ?? { operations: new Set() } }
}

/** Whether a value is a list of paths, or none is given. */
export function isPathList(value: unknown): value is readonly string[] | null {
  return value === null || (isTextList(value) && value.length <= PATHS_MAX)
}
