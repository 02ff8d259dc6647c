import { Buffer } from 'node:buffer'
import { createHmac } from 'node:crypto'
import { amzDate } from './signer.ts'
import type { KeyPair } from './signer.ts'

/** Forms as browsers send them, and their signature, written once more from AWS's pages alone. */

export const BOUNDARY = '----WebKitFormBoundary7MA4YWxkTrZu0gW'
export const CONTENT_TYPE = ['content-type', `multipart/form-data; boundary=${BOUNDARY}`] as const

export type Field = readonly [name: string, value: string]
export type Condition = Readonly<Record<string, unknown>> | readonly unknown[]

export interface FormFile {
  readonly content: string | Uint8Array
  /** Null for a part without one. */
  readonly filename?: string | null
}

/** The parts of a form, the file's behind the fields, then those that come too late. */
export function formBody(fields: readonly Field[], file: FormFile | null, late: readonly Field[] = []): Buffer {
  const field = ([name, value]: Field): Buffer[] => part(`name="${name}"`, Buffer.from(value))
  const filename = file?.filename === undefined ? 'cat.jpg' : file.filename
  const disposition = filename === null ? 'name="file"' : `name="file"; filename="${filename}"\r\nContent-Type: image/jpeg`
  return Buffer.concat([
    ...fields.flatMap(field),
    ...(file === null ? [] : part(disposition, Buffer.from(file.content))),
    ...late.flatMap(field),
    Buffer.from(`--${BOUNDARY}--\r\n`),
  ])
}

function part(disposition: string, content: Buffer): Buffer[] {
  return [Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`), content, Buffer.from('\r\n')]
}

export interface SignOptions {
  readonly bucket?: string
  readonly conditions?: readonly Condition[]
  /** Default: in an hour. */
  readonly expiration?: string
  readonly date?: Date
  readonly region?: string
  readonly sessionToken?: string
  /** What stands in the field instead of the policy that was made. */
  readonly policy?: string
  /** Default true: the conditions that name the fields of the signature are added. */
  readonly complete?: boolean
}

/** The fields that sign a policy. */
export function signedFields(pair: KeyPair, options: SignOptions = {}): readonly Field[] {
  const { bucket = 'photos', conditions = [['starts-with', '$key', '']], date = new Date(), region = 'us-east-1' } = options
  const day = amzDate(date)
  const signing: Field[] = [
    ['x-amz-algorithm', 'AWS4-HMAC-SHA256'],
    ['x-amz-credential', `${pair.accessKeyId}/${day.slice(0, 8)}/${region}/s3/aws4_request`],
    ['x-amz-date', day],
  ]
  if (options.sessionToken !== undefined) signing.push(['x-amz-security-token', options.sessionToken])
  const own = options.complete === false ? [] : [{ bucket }, ...signing.map(([name, value]) => ({ [name]: value }))]
  const expiration = options.expiration ?? new Date(date.getTime() + 3_600_000).toISOString()
  const document = JSON.stringify({ expiration, conditions: [...conditions, ...own] })
  const policy = options.policy ?? Buffer.from(document).toString('base64')
  let key = Buffer.from(`AWS4${pair.secretAccessKey}`)
  for (const text of [day.slice(0, 8), region, 's3', 'aws4_request']) key = createHmac('sha256', key).update(text).digest()
  return [...signing, ['policy', policy], ['x-amz-signature', createHmac('sha256', key).update(policy).digest('hex')]]
}
