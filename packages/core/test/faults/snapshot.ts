import type { Session } from '../../src/engine/session.ts'
import { isStorageError } from '../../src/errors/storage-error.ts'
import { bytesOf } from '../model/perform-objects.ts'
import { md5Hex } from '../model/reference-checksums.ts'

/** What a user sees of a bucket, without ids and times: two runs of the same calls give the same. */
export interface Snapshot {
  readonly bucket: boolean
  /** Per key, newest first: content, or a marker. */
  readonly versions: Readonly<Record<string, readonly string[]>>
  /** Open multipart uploads, by key: their parts. */
  readonly uploads: Readonly<Record<string, readonly string[]>>
}

/** Reads everything back, whole: a torn object, or one whose ETag is another's, throws. */
export async function snapshotOf(session: Session, name: string): Promise<Snapshot> {
  const bucket = { name }
  try {
    await session.headBucket({ bucket })
  } catch (error) {
    if (isStorageError(error) && error.code === 'BucketNotFound') return { bucket: false, versions: {}, uploads: {} }
    throw error
  }
  const versions: Record<string, string[]> = {}
  for (const { key, versionId, deleteMarker, etag, partCount, size, userMetadata } of (await session.listVersions({ bucket })).versions) {
    const seen = (versions[key] ??= [])
    if (deleteMarker) seen.push('marker')
    else {
      const bytes = await bytesOf(await session.getObject({ bucket, key, versionId }))
      const whole = bytes.length === size && (partCount !== null || etag.includes('-') || etag === md5Hex(bytes))
      if (!whole) throw new Error(`${key} is torn: ${bytes.length} of ${size} bytes`)
      seen.push(`${etag} ${md5Hex(bytes)} ${partCount} ${JSON.stringify(userMetadata)}`)
    }
  }
  const uploads: Record<string, string[]> = {}
  for (const { key, uploadId } of (await session.listUploads({ bucket })).uploads) {
    const { parts } = await session.listParts({ bucket, key, uploadId })
    uploads[key] = parts.map(({ partNumber, etag }) => `${partNumber} ${etag}`)
  }
  return { bucket: true, versions, uploads }
}
