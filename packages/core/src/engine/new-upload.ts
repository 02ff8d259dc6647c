import type { UploadInfo } from '../model/upload.ts'
import { ownerAccountOf, ownerOf } from './authorise.ts'
import type { SessionContext } from './context.ts'
import type { KeyInput, ObjectAttributes } from './inputs.ts'
import type { Limits } from './limits.ts'

/** What the two kinds of uploads differ in when they begin. */
export type UploadBeginning = Pick<UploadInfo, 'kind' | 'bucketId' | 'checksum' | 'declaredSize'>

/** An upload that begins now, with the attributes that its object will have. Its id sorts by this time. */
export function newUpload(session: SessionContext, input: KeyInput & ObjectAttributes, beginning: UploadBeginning): UploadInfo {
  const { engine, caller } = session
  const createdAt = engine.clock()
  return {
    ...beginning,
    uploadId: engine.ids.uuid(),
    key: input.key,
    headers: input.headers ?? {},
    userMetadata: input.userMetadata ?? {},
    tags: input.tags ?? {},
    ownerId: ownerOf(caller),
    ownerAccount: ownerAccountOf(caller),
    retention: input.retention ?? null,
    legalHold: input.legalHold ?? false,
    offset: 0,
    createdAt,
    expiresAt: uploadExpiry(createdAt, engine.limits),
  }
}

/** Until when an upload that was last touched at a time is kept. */
export function uploadExpiry(touchedAt: Date, limits: Limits): Date {
  return new Date(touchedAt.getTime() + limits.uploadExpirySeconds * 1000)
}
