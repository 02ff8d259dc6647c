import { S3Error } from '../s3-error.ts'

/**
 * What `x-amz-content-sha256` says about the body. `value` is what came, and what stands in the canonical request.
 *
 * It decides how a body is decoded, and never who the caller is.
 */
export type PayloadMode =
  | { readonly kind: 'sha256'; readonly value: string; readonly sha256: string }
  | { readonly kind: 'unsigned'; readonly value: string }
  | { readonly kind: 'signed-chunks'; readonly value: string; readonly hasTrailer: boolean }
  | { readonly kind: 'unsigned-chunks'; readonly value: string }

/** Nothing was said about the body. */
export const UNSIGNED_PAYLOAD: PayloadMode = { kind: 'unsigned', value: 'UNSIGNED-PAYLOAD' }

/** Reads `x-amz-content-sha256` (AWS: "Authenticating requests (AWS Signature Version 4)"). Fails for what is none of the five modes. */
export function parsePayloadMode(value: string): PayloadMode {
  if (/^[0-9a-fA-F]{64}$/.test(value)) return { kind: 'sha256', value, sha256: value.toLowerCase() }
  switch (value) {
    case 'UNSIGNED-PAYLOAD':
      return UNSIGNED_PAYLOAD
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD':
      return { kind: 'signed-chunks', value, hasTrailer: false }
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER':
      return { kind: 'signed-chunks', value, hasTrailer: true }
    case 'STREAMING-UNSIGNED-PAYLOAD-TRAILER':
      return { kind: 'unsigned-chunks', value }
    case 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD':
    case 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER':
      throw new S3Error('NotImplemented', 'Signature Version 4A is not supported. Please use AWS4-HMAC-SHA256.')
    default:
      throw new S3Error(
        'InvalidArgument',
        'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a STREAMING value, or a SHA-256 in hexadecimal.',
        {
          fields: { ArgumentName: 'x-amz-content-sha256' },
        },
      )
  }
}

/** True where the body comes in the framing of aws-chunked. */
export function isChunked(mode: PayloadMode): boolean {
  return mode.kind === 'signed-chunks' || mode.kind === 'unsigned-chunks'
}
