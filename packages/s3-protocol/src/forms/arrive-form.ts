import type { ExpectedContent } from '@stowage/core'
import { HttpInputError, optionalHeader } from '@stowage/http'
import { readDocumentClaims } from '../expected-content.ts'
import { readChecksumAlgorithm } from '../operations/fields/checksum-fields.ts'
import type { FormPayload } from '../operation.ts'
import { fromHttpInputError, S3Error } from '../s3-error.ts'
import type { S3Headers } from '../s3-headers.ts'
import type { RawS3Request } from '../s3-request.ts'
import type { RequestVerifier, Verification } from '../sigv4/request-verifier.ts'
import { checkPostPolicy } from './check-post-policy.ts'
import { requiredField } from './form-error.ts'
import { FormFile } from './form-file.ts'
import { formHeaders, refuseObjectHeaders } from './form-headers.ts'
import { readPostForm } from './post-form.ts'
import type { PostForm } from './post-form.ts'
import { parsePostPolicy } from './post-policy.ts'

/** A form whose sender is known, and which its policy allows. */
export interface ArrivedForm {
  readonly verification: Verification
  /** What the fields say, as the headers of a PutObject say it. */
  readonly headers: S3Headers
  readonly payload: FormPayload
  /** Gives the file up where nobody is going to read it. */
  readonly abandon: () => Promise<void>
}

/** What a form is held against. */
export interface FormContext {
  readonly verifier: RequestVerifier
  readonly now: Date
}

/**
 * Reads a form up to its file, verifies who has signed it and holds it against the policy that was signed. Without a policy and a signature it
 * comes from nobody. A client that waits for `100 Continue` is told to go on before that: who it is stands in the body.
 */
export async function arriveForm(raw: RawS3Request, context: FormContext): Promise<ArrivedForm> {
  refuseObjectHeaders(raw.headers)
  raw.http.acceptBody()
  try {
    const form = await readPostForm(raw.http.body, optionalHeader(raw.headers, 'content-type') ?? '')
    try {
      return await admit(form, raw, context)
    } catch (error) {
      await form.reader.abandon()
      throw error
    }
  } catch (error) {
    throw error instanceof HttpInputError ? fromHttpInputError(error) : error
  }
}

async function admit({ fields, reader }: PostForm, raw: RawS3Request, { verifier, now }: FormContext): Promise<ArrivedForm> {
  const key = requiredField(fields, 'key')
  const verification = await verifier.verifyForm(fields)
  const policy = verification.kind === 'signed' ? parsePostPolicy(fields.get('policy') ?? '') : null
  if (policy !== null) {
    // Its policy names a bucket and cannot say in which jurisdiction: it would do for the bucket of that name in each.
    if (raw.jurisdiction !== null) throw new S3Error('NotImplemented', 'Signed forms are not supported for buckets of a jurisdiction.')
    checkPostPolicy(policy, { fields, bucket: raw.bucket, now })
  }
  const headers = formHeaders(raw.headers, fields)
  const payload: FormPayload = {
    source: new FormFile(reader, policy?.size ?? null),
    expected: readExpected(headers),
    key,
    tagging: fields.get('tagging') ?? null,
    redirect: fields.get('success_action_redirect') ?? fields.get('redirect') ?? null,
    status: fields.get('success_action_status') ?? null,
  }
  return { verification, headers, payload, abandon: () => reader.abandon() }
}

/** How long the file is nobody says. */
function readExpected(headers: S3Headers): ExpectedContent {
  const claims = readDocumentClaims(headers, { checksums: true })
  const named = headers.get('x-amz-checksum-algorithm')
  if (named === undefined) return claims
  const checksumAlgorithm = readChecksumAlgorithm(named, 'x-amz-checksum-algorithm')
  if (claims.checksum === undefined || claims.checksum.algorithm === checksumAlgorithm) return { ...claims, checksumAlgorithm }
  throw new S3Error('InvalidRequest', 'Value for x-amz-checksum-algorithm header is invalid.')
}
