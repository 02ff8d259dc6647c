import { verifyContent } from '@stowage/core'
import type { ByteSource } from '@stowage/core'
import { readDocumentClaims, readExpectedContent } from './expected-content.ts'
import { notAForm } from './forms/form-error.ts'
import type { Operation, OperationRequest } from './operation.ts'
import type { S3Headers } from './s3-headers.ts'
import type { RawS3Request } from './s3-request.ts'
import type { Verification } from './sigv4/request-verifier.ts'
import { readVerifiedBody, refuseChunks, verifiedBody } from './sigv4/verified-body.ts'

/** The largest document that is read, in bytes: 10,000 parts with their checksums, or 1,000 long keys. */
const DOCUMENT_SIZE_MAX = 4 * 1024 * 1024

/**
 * The same for who shows no credential, whose documents are read before anybody has asked whether he may do what they
 * say: thousands of strangers with megabytes each must not fill the memory. Enough for hundreds of keys.
 */
const STRANGERS_DOCUMENT_SIZE_MAX = 64 * 1024

/** A request that has been authenticated. */
export interface Arrived {
  readonly raw: RawS3Request
  readonly verification: Verification
  readonly headers: S3Headers
}

/**
 * The body as the operation wants it. A document is read here, and held against all that was said of it; the bytes of an
 * object are read, and held against it, by the engine.
 */
export async function readPayload(operation: Operation, { raw, verification, headers }: Arrived): Promise<OperationRequest['body']> {
  if (operation.payload === 'none') {
    refuseChunks(verification)
    return null
  }
  // A form has been read by then (`arriveForm`).
  if (operation.payload === 'form') throw notAForm(raw)
  if (operation.payload === 'document') {
    const claims = readDocumentClaims(headers, { checksums: !operation.checksumsOfObject })
    refuseChunks(verification)
    raw.http.acceptBody()
    const sizeMax = verification.kind === 'signed' ? DOCUMENT_SIZE_MAX : STRANGERS_DOCUMENT_SIZE_MAX
    const document = await readVerifiedBody(raw, verification, sizeMax)
    verifyContent(document, claims)
    return document
  }
  const body = verifiedBody(raw, verification)
  const expected = readExpectedContent(headers, body)
  return { source: headers.has('expect') ? onFirstRead(body.stream, raw.http.acceptBody) : body.stream, expected }
}

/**
 * The engine reads the body only once it knows that the caller may write it; a client that waits is told then (RFC 9110
 * §10.1.1). Not when the iterator is made: a body that is given up is opened too, to be closed unread.
 */
function onFirstRead(stream: ByteSource, accept: () => void): ByteSource {
  return {
    releaseChunk: (chunk) => stream.releaseChunk?.(chunk),
    [Symbol.asyncIterator]() {
      const iterator = stream[Symbol.asyncIterator]()
      return {
        next() {
          accept()
          return iterator.next()
        },
        async return() {
          await iterator.return?.()
          return { done: true, value: undefined }
        },
      }
    },
  }
}
