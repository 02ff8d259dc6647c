import type { UploadRecord } from '../metadata/metadata-store.ts'
import type { UploadInfo } from '../model/upload.ts'

/** What the world may know of an upload: its running hashes are as secret as its bytes. */
export function uploadInfo(record: UploadRecord): UploadInfo {
  const { status: _status, result: _result, hashState: _hashState, extentCount: _extentCount, tail: _tail, ...info } = record
  return info
}
