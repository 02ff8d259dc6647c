import type { Operation } from '../../src/operation.ts'
import type { BodyMode, Cell, CredentialKind } from './cells.ts'

/*
 * Every cell of the matrix that is allowed, by name. What does not stand here is refused, and changes nothing: so is a route that is not
 * here at all, for everybody, which the first run of a new one shows.
 */

/** Who owns the bucket, in whatever way it is shown. */
const OWNERS: readonly CredentialKind[] = ['owner', 'bypass', 'presigned']
/** Those, and a key that is for reading. */
const READERS: readonly CredentialKind[] = [...OWNERS, 'read-only key']
/** Those, and users whom a policy shows every row. */
const EVERY_READER: readonly CredentialKind[] = [...READERS, 'user session', 'web identity']
/** Those, and whom R2's own words for reading objects let in. */
const AND_R2: readonly CredentialKind[] = [...EVERY_READER, 'R2 temporary']

interface Row {
  readonly who: readonly CredentialKind[]
  /** Default: 200. */
  readonly answer?: string
  /** True where it changes what there is. Default false. */
  readonly changes?: boolean
}

const wrote = (answer = '200'): Row => ({ who: OWNERS, answer, changes: true })

export const ALLOWED: Readonly<Record<string, Row>> = {
  AbortMultipartUpload: wrote('204'),
  CompleteMultipartUpload: wrote(),
  CopyObject: wrote(),
  CreateBucket: { ...wrote(), who: [...OWNERS, 'other account'] },
  CreateMultipartUpload: wrote(),
  DeleteBucket: wrote('204'),
  DeleteBucketPolicy: wrote('204'),
  DeleteObject: wrote('204'),
  DeleteObjects: wrote(),
  PostObject: { who: ['owner', 'bypass'], answer: '204', changes: true },
  PutBucketPolicy: wrote('204'),
  PutBucketVersioning: wrote(),
  PutObject: wrote(),
  UploadPart: wrote(),
  UploadPartCopy: wrote(),
  GetBucketPolicy: { who: OWNERS },
  GetBucketPolicyStatus: { who: OWNERS },
  ListBuckets: { who: [...OWNERS, 'other account', 'user session', 'web identity'] },
  // A user sees of uploads what the user began.
  ListParts: { who: [...READERS, 'R2 temporary'] },
  GetObject: { who: AND_R2 },
  HeadObject: { who: AND_R2 },
  GetObjectAttributes: { who: AND_R2 },
  GetObjectAcl: { who: AND_R2 },
  GetObjectTagging: { who: AND_R2 },
  GetObjectLegalHold: { who: AND_R2, answer: '400 InvalidRequest' },
  GetObjectRetention: { who: AND_R2, answer: '400 InvalidRequest' },
  HeadBucket: { who: AND_R2 },
  ListObjects: { who: AND_R2 },
  ListObjectsV2: { who: AND_R2 },
  ListObjectVersions: { who: AND_R2 },
  ListMultipartUploads: { who: AND_R2 },
  // There is one ACL, which whoever may change the bucket or the object may set to what it is.
  PutBucketAcl: { who: OWNERS },
  PutObjectAcl: { who: OWNERS },
  GetBucketLocation: { who: AND_R2 },
  GetBucketAccelerateConfiguration: { who: AND_R2 },
  GetBucketAcl: { who: AND_R2 },
  GetBucketCors: { who: AND_R2, answer: '404 NoSuchCORSConfiguration' },
  GetBucketEncryption: { who: AND_R2, answer: '404 ServerSideEncryptionConfigurationNotFoundError' },
  GetBucketLifecycleConfiguration: { who: AND_R2, answer: '404 NoSuchLifecycleConfiguration' },
  GetBucketLogging: { who: AND_R2 },
  GetBucketNotificationConfiguration: { who: AND_R2 },
  GetBucketOwnershipControls: { who: AND_R2 },
  GetBucketReplication: { who: AND_R2, answer: '404 ReplicationConfigurationNotFoundError' },
  GetBucketRequestPayment: { who: AND_R2 },
  GetBucketTagging: { who: AND_R2, answer: '404 NoSuchTagSet' },
  GetBucketVersioning: { who: AND_R2 },
  GetBucketWebsite: { who: AND_R2, answer: '404 NoSuchWebsiteConfiguration' },
  GetObjectLockConfiguration: { who: AND_R2, answer: '404 ObjectLockConfigurationNotFoundError' },
  GetPublicAccessBlock: { who: AND_R2, answer: '404 NoSuchPublicAccessBlockConfiguration' },
}

const FRAMED: readonly BodyMode[] = [
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
]

/** What may be said of a body, by what the route wants of it. */
const MODES: Readonly<Record<Operation['payload'], readonly BodyMode[]>> = {
  // Where there is no body, there is none to be wrong.
  none: ['sha256', 'UNSIGNED-PAYLOAD', 'wrong sha256'],
  document: ['sha256', 'UNSIGNED-PAYLOAD'],
  stream: ['sha256', 'UNSIGNED-PAYLOAD', ...FRAMED],
  form: ['nothing'],
}

/** Whether a request of this kind can be as it should be, whoever sends it. */
function isSound({ operation, kind, mode }: Cell): boolean {
  const presigned = kind === 'presigned' || kind === 'presigned expired'
  // Who signs a header must say what the body is; who presigns, or does not sign, need not, and cannot sign chunks.
  if (kind === 'none' || presigned) return mode === 'nothing' || (MODES[operation.payload].includes(mode) && !FRAMED.includes(mode))
  return MODES[operation.payload].includes(mode)
}

/** What an allowed cell is answered; null where it is refused. */
export function allowedAnswer(cell: Cell): Row | null {
  const row = ALLOWED[cell.operation.name]
  return row !== undefined && row.who.includes(cell.kind) && isSound(cell) ? row : null
}

/** Why each kind is refused where it is, and its request is sound. */
const REFUSALS: Readonly<Record<CredentialKind, string>> = {
  none: '403 AccessDenied',
  'unknown key': '403 InvalidAccessKeyId',
  'wrong signature': '403 SignatureDoesNotMatch',
  owner: '403 AccessDenied',
  'other account': '403 AccessDenied',
  'read-only key': '403 AccessDenied',
  'expired key': '400 ExpiredToken',
  'expired token': '400 ExpiredToken',
  'user session': '403 AccessDenied',
  bypass: '403 AccessDenied',
  'R2 temporary': '403 AccessDenied',
  'web identity': '403 AccessDenied',
  // Of all routes a form's alone refuses it: a form says in its fields who sends it.
  presigned: '400 InvalidArgument',
  'presigned expired': '403 AccessDenied',
  garbage: '400 AuthorizationHeaderMalformed',
  'header and query': '400 InvalidArgument',
}
/** Refused key by key, in a list that is answered. */
const KEY_BY_KEY = '200 AccessDenied'
/** Users, to whom what they may not do looks as if there were nothing to do it with. */
const TO_USERS: Readonly<Record<string, string>> = {
  DeleteBucket: '404 NoSuchBucket',
  PutBucketAcl: '404 NoSuchBucket',
  PutBucketVersioning: '404 NoSuchBucket',
  DeleteObject: '204',
  DeleteObjects: '200',
}

/** What a refused cell is answered where its request is sound; null where any refusal will do. */
export function refusal(cell: Cell): string | null {
  const { operation, kind } = cell
  if (!isSound(cell)) return null
  const isUser = kind === 'user session' || kind === 'web identity'
  if (isUser && TO_USERS[operation.name] !== undefined) return TO_USERS[operation.name] ?? null
  const refused = REFUSALS[kind]
  return operation.name === 'DeleteObjects' && refused === '403 AccessDenied' && kind !== 'presigned expired' ? KEY_BY_KEY : refused
}
