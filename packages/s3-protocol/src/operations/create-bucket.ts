import { isStorageError } from '@stowage/core'
import type { Session } from '@stowage/core'
import type { Operation, OperationContext } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { S3Error } from '../s3-error.ts'
import { childText, readXml } from '../xml/read.ts'
import { refuseAcl } from './fields/object-attributes.ts'

/** Regions that clients name when they mean "wherever you are". minio-go sends us-east-1, which AWS itself refuses. */
const ANYWHERE: ReadonlySet<string> = new Set(['', 'us-east-1', 'auto'])

/** API_CreateBucket. */
export const createBucket: Operation = defineOperation({
  name: 'CreateBucket',
  engineName: 'CreateBucket',
  match: { method: 'PUT', on: 'bucket' },
  payload: 'document',
  lacks: ['ACLs and grants', 'ownership other than BucketOwnerEnforced', 'object lock', 'directory buckets', 'tags'],
  decode(request, context) {
    refuseAcl(request.headers)
    const ownership = request.headers.get('x-amz-object-ownership')
    if (ownership !== undefined && ownership !== 'BucketOwnerEnforced') {
      throw new S3Error('NotImplemented', 'Only the object ownership BucketOwnerEnforced is implemented: ACLs are disabled.')
    }
    checkLocation(request.body, context)
    return { bucket: request.bucket, signal: request.signal }
  },
  run: createOnce,
  encode: (_, { bucket }) => ({
    status: 200,
    headers: [
      ['location', `/${bucket.name}`],
      ['content-length', '0'],
    ],
    body: null,
  }),
})

interface Input {
  readonly bucket: { readonly name: string }
  readonly signal: AbortSignal
}

/** In us-east-1 making a bucket again that is one's own succeeds, and changes nothing; elsewhere it is an error. API_CreateBucket, BucketAlreadyOwnedByYou. */
async function createOnce(session: Session, input: Input, { region }: OperationContext): Promise<void> {
  try {
    await session.createBucket(input)
  } catch (error) {
    if (region !== 'us-east-1' || !isStorageError(error) || error.code !== 'BucketAlreadyExists' || !error.details.ownedByCaller)
      throw error
  }
}

function checkLocation(body: Uint8Array, context: OperationContext): void {
  if (body.length === 0) return
  const root = readXml(body, 'CreateBucketConfiguration')
  for (const child of root.children) {
    if (child.name !== 'LocationConstraint') {
      throw new S3Error('NotImplemented', `CreateBucketConfiguration with ${child.name} is not implemented.`)
    }
  }
  const location = childText(root, 'LocationConstraint') ?? ''
  if (!ANYWHERE.has(location) && location !== context.region) {
    throw new S3Error(
      'IllegalLocationConstraintException',
      `The ${location} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    )
  }
}
