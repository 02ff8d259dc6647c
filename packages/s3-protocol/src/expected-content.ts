import type { ChecksumAlgorithm, ExpectedContent } from '@stowage/core'
import { readChecksumAlgorithm, readChecksumHeader } from './operations/fields/checksum-fields.ts'
import { S3Error } from './s3-error.ts'
import type { S3Headers } from './s3-headers.ts'
import type { VerifiedBody } from './sigv4/verified-body.ts'

const CHECKSUM_PREFIX = 'x-amz-checksum-'

/** Everything that a client has claimed about the bytes of an upload, for the engine to hold against them. */
export function readExpectedContent(headers: S3Headers, body: VerifiedBody): ExpectedContent {
  const md5 = readContentMd5(headers)
  const checksum = readChecksumHeader(headers)
  const trailing = readTrailingChecksum(body)
  if (checksum !== undefined && trailing !== undefined) {
    throw new S3Error('InvalidRequest', 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.')
  }
  const named = headers.get('x-amz-sdk-checksum-algorithm')
  const wanted = named === undefined ? undefined : readChecksumAlgorithm(named, 'x-amz-sdk-checksum-algorithm')
  const given = checksum?.algorithm ?? trailing?.algorithm
  if (wanted !== undefined && given !== undefined && wanted !== given) {
    throw new S3Error('InvalidRequest', 'Value for x-amz-sdk-checksum-algorithm header is invalid.')
  }
  return {
    size: body.size,
    ...(md5 === undefined ? {} : { md5 }),
    ...(body.sha256 === null ? {} : { sha256: body.sha256 }),
    ...(checksum === undefined ? {} : { checksum }),
    ...(trailing === undefined ? {} : { trailingChecksum: trailing }),
    ...(wanted === undefined ? {} : { checksumAlgorithm: wanted }),
  }
}

/**
 * What a client has claimed about a document. `checksums` is false where an operation's checksum headers speak of an
 * object instead (CompleteMultipartUpload).
 */
export function readDocumentClaims(headers: S3Headers, options: { readonly checksums: boolean }): ExpectedContent {
  const md5 = readContentMd5(headers)
  const checksum = options.checksums ? readChecksumHeader(headers) : undefined
  return { ...(md5 === undefined ? {} : { md5 }), ...(checksum === undefined ? {} : { checksum }) }
}

function readContentMd5(headers: S3Headers): string | undefined {
  const md5 = headers.get('content-md5')
  if (md5 !== undefined && !/^[A-Za-z0-9+/]{21}[AQgw]==$/.test(md5)) {
    throw new S3Error('InvalidDigest', 'The Content-MD5 you specified was invalid.')
  }
  return md5
}

function readTrailingChecksum(body: VerifiedBody): { readonly algorithm: ChecksumAlgorithm; value(): string | null } | undefined {
  const names = body.trailerNames
  // Nobody reads another trailer: whoever sends one expects something of it.
  const foreign = names.find((name) => !name.startsWith(CHECKSUM_PREFIX))
  if (foreign !== undefined) {
    throw new S3Error('InvalidRequest', `The value specified in the x-amz-trailer header is not supported: ${foreign}`, {
      fields: { ArgumentName: 'x-amz-trailer', ArgumentValue: foreign },
    })
  }
  const name = names[0]
  if (name === undefined) return undefined
  if (names.length > 1) {
    throw new S3Error('InvalidRequest', 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.')
  }
  return { algorithm: readChecksumAlgorithm(name.slice(CHECKSUM_PREFIX.length), name), value: () => body.trailers().get(name) ?? null }
}
