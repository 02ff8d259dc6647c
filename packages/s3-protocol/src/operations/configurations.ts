import type { BucketInfo, ObjectInfo } from '@stowage/core'
import type { HttpHeader, HttpResponse } from '@stowage/http'
import type { Operation, OperationContext } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { S3Error } from '../s3-error.ts'
import type { S3ErrorCode } from '../s3-error.ts'
import { xmlResponse } from '../xml-response.ts'
import { element } from '../xml/element.ts'
import type { XmlElement } from '../xml/element.ts'
import { ownerElement } from './fields/listing.ts'

/*
 * What clients ask of a bucket or an object besides its content, and nobody can set here: answered as AWS answers while it
 * is unset. One file, because these operations differ in a word and an answer only.
 */

interface BucketConfiguration {
  readonly name: string
  readonly word: string
  /** Throws where AWS answers an error while nothing is set. */
  readonly answer: (bucket: BucketInfo, context: OperationContext) => XmlElement
}

const notFound =
  (code: S3ErrorCode, message: string) =>
  (bucket: BucketInfo): never => {
    throw new S3Error(code, message, { fields: { BucketName: bucket.name } })
  }

const BUCKET_CONFIGURATIONS: readonly BucketConfiguration[] = [
  { name: 'GetBucketAccelerateConfiguration', word: 'accelerate', answer: () => element('AccelerateConfiguration', []) },
  { name: 'GetBucketAcl', word: 'acl', answer: ({ account }, context) => privateTo(account, context) },
  { name: 'GetBucketCors', word: 'cors', answer: notFound('NoSuchCORSConfiguration', 'The CORS configuration does not exist') },
  {
    name: 'GetBucketEncryption',
    word: 'encryption',
    answer: notFound('ServerSideEncryptionConfigurationNotFoundError', 'The server side encryption configuration was not found'),
  },
  {
    name: 'GetBucketLifecycleConfiguration',
    word: 'lifecycle',
    answer: notFound('NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist'),
  },
  { name: 'GetBucketLogging', word: 'logging', answer: () => element('BucketLoggingStatus', []) },
  { name: 'GetBucketNotificationConfiguration', word: 'notification', answer: () => element('NotificationConfiguration', []) },
  {
    name: 'GetObjectLockConfiguration',
    word: 'object-lock',
    answer: notFound('ObjectLockConfigurationNotFoundError', 'Object Lock configuration does not exist for this bucket'),
  },
  {
    name: 'GetBucketOwnershipControls',
    word: 'ownershipControls',
    // There are no ACLs here, which is what AWS calls this.
    answer: () => element('OwnershipControls', [element('Rule', [element('ObjectOwnership', 'BucketOwnerEnforced')])]),
  },
  {
    name: 'GetPublicAccessBlock',
    word: 'publicAccessBlock',
    answer: notFound('NoSuchPublicAccessBlockConfiguration', 'The public access block configuration was not found'),
  },
  {
    name: 'GetBucketReplication',
    word: 'replication',
    answer: notFound('ReplicationConfigurationNotFoundError', 'The replication configuration was not found'),
  },
  {
    name: 'GetBucketRequestPayment',
    word: 'requestPayment',
    answer: () => element('RequestPaymentConfiguration', [element('Payer', 'BucketOwner')]),
  },
  { name: 'GetBucketTagging', word: 'tagging', answer: notFound('NoSuchTagSet', 'The TagSet does not exist') },
  { name: 'GetBucketVersioning', word: 'versioning', answer: versioningOf },
  {
    name: 'GetBucketWebsite',
    word: 'website',
    answer: notFound('NoSuchWebsiteConfiguration', 'The specified bucket does not have a website configuration'),
  },
]

interface ObjectConfiguration {
  readonly name: string
  readonly word: string
  readonly answer: (object: ObjectInfo, context: OperationContext) => XmlElement
}

const noLock = (): never => {
  throw new S3Error('InvalidRequest', 'Bucket is missing Object Lock Configuration')
}

const OBJECT_CONFIGURATIONS: readonly ObjectConfiguration[] = [
  { name: 'GetObjectAcl', word: 'acl', answer: ({ ownerId }, context) => privateTo(ownerId ?? '', context) },
  { name: 'GetObjectLegalHold', word: 'legal-hold', answer: noLock },
  { name: 'GetObjectRetention', word: 'retention', answer: noLock },
  { name: 'GetObjectTagging', word: 'tagging', answer: tagsOf },
]

/** The API page of each has its name, as in API_GetBucketVersioning. */
export const CONFIGURATION_OPERATIONS: readonly Operation[] = [
  ...BUCKET_CONFIGURATIONS.map(({ name, word, answer }) =>
    defineOperation({
      name,
      engineName: 'HeadBucket',
      match: { method: 'GET', on: 'bucket', query: { [word]: true } },
      payload: 'none',
      decode: (request) => ({ bucket: request.bucket, signal: request.signal }),
      run: (session, input) => session.headBucket(input),
      encode: (bucket, _, context): HttpResponse => xmlResponse(answer(bucket, context)),
    }),
  ),
  ...OBJECT_CONFIGURATIONS.map(({ name, word, answer }) =>
    defineOperation({
      name,
      engineName: 'HeadObject',
      match: { method: 'GET', on: 'object', query: { [word]: true }, reads: ['versionId'] },
      payload: 'none',
      decode(request) {
        const versionId = request.query.text('versionId')
        const object = { bucket: request.bucket, key: request.key, signal: request.signal }
        return versionId === undefined ? object : { ...object, versionId }
      },
      run: async (session, input) => (await session.headObject(input)).info,
      encode: (object, _, context): HttpResponse => xmlResponse(answer(object, context), 200, versionHeaders(object)),
    }),
  ),
]

function privateTo(account: string, { displayName }: OperationContext): XmlElement {
  const grantee: XmlElement = {
    ...ownerElement('Grantee', account, displayName),
    attributes: [
      ['xmlns:xsi', 'http://www.w3.org/2001/XMLSchema-instance'],
      ['xsi:type', 'CanonicalUser'],
    ],
  }
  const grant = element('Grant', [grantee, element('Permission', 'FULL_CONTROL')])
  return element('AccessControlPolicy', [ownerElement('Owner', account, displayName), element('AccessControlList', [grant])])
}

function versioningOf({ versioning }: BucketInfo): XmlElement {
  const status = { off: null, enabled: 'Enabled', suspended: 'Suspended' }[versioning]
  return element('VersioningConfiguration', status === null ? [] : [element('Status', status)])
}

function tagsOf({ tags }: ObjectInfo): XmlElement {
  const rows = Object.entries(tags).map(([key, value]) => element('Tag', [element('Key', key), element('Value', value)]))
  return element('Tagging', [element('TagSet', rows)])
}

function versionHeaders({ versionId }: ObjectInfo): readonly HttpHeader[] {
  return versionId === 'null' ? [] : [['x-amz-version-id', versionId]]
}
