import type { BucketAddress } from '@stowage/core'
import { percentDecode } from '@stowage/http'
import { S3Error } from '../../s3-error.ts'
import type { S3Headers } from '../../s3-headers.ts'

/** The object that a copy reads. */
export interface CopySource {
  readonly bucket: BucketAddress
  readonly key: string
  readonly versionId?: string
}

/**
 * Reads x-amz-copy-source: `[/]bucket/key[?versionId=id]`, percent-encoded as a whole or in part (the JavaScript SDK
 * encodes the slash too). It lies in the jurisdiction of the request: there is no way to name another. API_CopyObject.
 */
export function readCopySource(headers: S3Headers, { jurisdiction }: Pick<BucketAddress, 'jurisdiction'>): CopySource {
  const value = headers.get('x-amz-copy-source') ?? ''
  const mark = value.lastIndexOf('?versionId=')
  const versionId = mark < 0 ? undefined : decode(value.slice(mark + '?versionId='.length))
  const path = decode(mark < 0 ? value : value.slice(0, mark)).replace(/^\//, '')
  const slash = path.indexOf('/')
  if (slash <= 0 || slash === path.length - 1) {
    throw new S3Error('InvalidArgument', 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey', {
      fields: { ArgumentName: 'x-amz-copy-source' },
    })
  }
  const name = path.slice(0, slash)
  const source = { bucket: jurisdiction === undefined ? { name } : { name, jurisdiction }, key: path.slice(slash + 1) }
  return versionId === undefined || versionId === '' ? source : { ...source, versionId }
}

function decode(text: string): string {
  try {
    return percentDecode(text)
  } catch {
    throw new S3Error('InvalidArgument', 'The value of x-amz-copy-source is not a percent-encoded path.', {
      fields: { ArgumentName: 'x-amz-copy-source' },
    })
  }
}

/** Reads x-amz-copy-source-range: exactly `bytes=first-last`, unlike Range. API_UploadPartCopy. */
export function readCopyRange(headers: S3Headers): { readonly start: number; readonly end: number } | undefined {
  const value = headers.get('x-amz-copy-source-range')
  if (value === undefined) return undefined
  const match = /^bytes=([0-9]{1,15})-([0-9]{1,15})$/.exec(value)
  const start = Number(match?.[1])
  const end = Number(match?.[2]) + 1
  if (match === null || start >= end) {
    throw new S3Error(
      'InvalidArgument',
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
      { fields: { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: value } },
    )
  }
  return { start, end }
}
