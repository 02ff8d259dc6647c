import { hash } from 'node:crypto'
import type { Buffer } from 'node:buffer'
import type { ByteSource } from '@stowage/core'
import { HttpInputError, integerHeader, listHeader, readBody } from '@stowage/http'
import { fromHttpInputError, S3Error } from '../s3-error.ts'
import type { RawS3Request } from '../s3-request.ts'
import { ChunkDecoder } from './chunk-decoder.ts'
import { ChunkedBody } from './chunked-body.ts'
import { isChunked } from './payload-mode.ts'
import type { Verification } from './request-verifier.ts'

/** The bytes of a request, out of their framing, and what the client claimed about them. */
export interface VerifiedBody {
  /** To be read once. In the modes without framing it is the request's own Readable. */
  readonly stream: ByteSource
  /** How many bytes must come. The framed modes check it themselves; in the others node does. */
  readonly size: number
  /** What the SHA-256 of the bytes must be, in lower-case hexadecimal; nobody has checked it yet. Null where nothing was said. */
  readonly sha256: string | null
  /** The trailers that will come, in lower case. */
  readonly trailerNames: readonly string[]
  /** What came behind the bytes. May be called only after the stream has ended without an error. */
  trailers(): ReadonlyMap<string, string>
}

const NO_TRAILERS: ReadonlyMap<string, string> = new Map()

/** Opens the body of an operation that stores bytes. Fails before the first byte where the length or a trailer is not announced as it must be. */
export function verifiedBody(request: RawS3Request, verification: Verification<unknown>): VerifiedBody {
  return translating(() => {
    const { payload } = verification
    const announced = [...new Set(listHeader(request.headers, 'x-amz-trailer').map((name) => name.toLowerCase()))]
    if (!isChunked(payload)) {
      if (announced.length > 0) throw new S3Error('InvalidRequest', 'x-amz-trailer needs a streaming value in x-amz-content-sha256.')
      const sha256 = payload.kind === 'sha256' ? payload.sha256 : null
      return {
        stream: request.http.body,
        size: requiredLength(request, 'content-length'),
        sha256,
        trailerNames: [],
        trailers: () => NO_TRAILERS,
      }
    }
    const hasTrailer = payload.kind === 'unsigned-chunks' || (payload.kind === 'signed-chunks' && payload.hasTrailer)
    if (announced.length > 0 && !hasTrailer) throw new S3Error('InvalidRequest', `x-amz-trailer cannot come with ${payload.value}.`)
    // The verifier lets no anonymous request get here; said again, because a chunk without a seed would count as unsigned.
    if (verification.kind !== 'signed') throw new S3Error('AccessDenied', 'A streaming body needs a signed request.')
    const size = requiredLength(request, 'x-amz-decoded-content-length')
    const seed = payload.kind === 'signed-chunks' ? verification.seed : null
    const decoder = new ChunkDecoder({ seed, decodedLength: size, hasTrailer, trailerNames: new Set(announced) })
    const body = new ChunkedBody(request.http.body, decoder)
    return { stream: body, size, sha256: null, trailerNames: announced, trailers: () => body.trailers }
  })
}

/** Reads the small body of an operation that takes a document, and holds it against the SHA-256 that was signed. */
export async function readVerifiedBody(request: RawS3Request, verification: Verification<unknown>, sizeMax: number): Promise<Buffer> {
  refuseChunks(verification)
  try {
    const body = await readBody(request.http.body, { sizeMax, size: integerHeader(request.headers, 'content-length') })
    if (verification.payload.kind === 'sha256' && hash('sha256', body) !== verification.payload.sha256) {
      throw new S3Error('XAmzContentSHA256Mismatch', "The provided 'x-amz-content-sha256' header does not match what was computed.")
    }
    return body
  } catch (error) {
    throw error instanceof HttpInputError ? fromHttpInputError(error) : error
  }
}

/** Refuses aws-chunked framing where an operation stores no bytes: AWS takes it for PutObject and UploadPart only. */
export function refuseChunks(verification: Verification<unknown>): void {
  if (isChunked(verification.payload)) {
    throw new S3Error('InvalidRequest', `${verification.payload.value} is for uploads only.`)
  }
}

function requiredLength(request: RawS3Request, header: string): number {
  const length = integerHeader(request.headers, header)
  if (length === null) throw new S3Error('MissingContentLength', `You must provide the ${header} HTTP header.`)
  return length
}

function translating<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof HttpInputError ? fromHttpInputError(error) : error
  }
}
