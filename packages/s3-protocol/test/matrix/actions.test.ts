import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Policy } from '@stowage/core'
import { OPERATIONS } from '../../src/operations/index.ts'
import { fillWallet, sendCell } from './cells.ts'
import type { Wallet } from './cells.ts'
import { openWorld } from './world.ts'
import type { World } from './world.ts'

/** What the policy is asked by each route, as `operation: action`. A route that is not here is one that nobody has thought about. */
const ASKED: Readonly<Record<string, string>> = {
  AbortMultipartUpload: 'AbortMultipartUpload: object.write',
  CompleteMultipartUpload: 'CompleteMultipartUpload: object.write',
  CopyObject: 'CopyObject: object.read of the source + CopyObject: object.write',
  CreateBucket: 'CreateBucket: bucket.create',
  CreateMultipartUpload: 'CreateMultipartUpload: object.write',
  DeleteBucket: 'DeleteBucket: bucket.delete',
  DeleteBucketPolicy: 'DeleteBucketPolicy: bucket.policy.write',
  DeleteObject: 'DeleteObject: object.delete',
  DeleteObjects: 'DeleteObjects: object.delete',
  GetBucketAccelerateConfiguration: 'HeadBucket: bucket.read',
  GetBucketAcl: 'HeadBucket: bucket.read',
  GetBucketCors: 'HeadBucket: bucket.read',
  GetBucketEncryption: 'HeadBucket: bucket.read',
  GetBucketLifecycleConfiguration: 'HeadBucket: bucket.read',
  GetBucketLocation: 'HeadBucket: bucket.read',
  GetBucketLogging: 'HeadBucket: bucket.read',
  GetBucketNotificationConfiguration: 'HeadBucket: bucket.read',
  GetBucketOwnershipControls: 'HeadBucket: bucket.read',
  GetBucketPolicy: 'GetBucketPolicy: bucket.policy.read',
  GetBucketPolicyStatus: 'GetBucketPolicyStatus: bucket.policy.read',
  GetBucketReplication: 'HeadBucket: bucket.read',
  GetBucketRequestPayment: 'HeadBucket: bucket.read',
  GetBucketTagging: 'HeadBucket: bucket.read',
  GetBucketVersioning: 'HeadBucket: bucket.read',
  GetBucketWebsite: 'HeadBucket: bucket.read',
  GetObject: 'GetObject: object.read',
  GetObjectAcl: 'HeadObject: object.read',
  GetObjectAttributes: 'HeadObject: object.read',
  GetObjectLegalHold: 'HeadObject: object.read',
  GetObjectLockConfiguration: 'HeadBucket: bucket.read',
  GetObjectRetention: 'HeadObject: object.read',
  GetObjectTagging: 'HeadObject: object.read',
  GetPublicAccessBlock: 'HeadBucket: bucket.read',
  HeadBucket: 'HeadBucket: bucket.read',
  HeadObject: 'HeadObject: object.read',
  ListBuckets: 'ListBuckets: bucket.list',
  ListMultipartUploads: 'ListMultipartUploads: object.list',
  ListObjectVersions: 'ListObjectVersions: object.list',
  ListObjects: 'ListObjects: object.list',
  ListObjectsV2: 'ListObjects: object.list',
  ListParts: 'ListParts: object.write',
  PostObject: 'PutObject: object.write',
  PutBucketAcl: 'PutBucketAcl: bucket.update',
  PutBucketPolicy: 'PutBucketPolicy: bucket.policy.write',
  PutBucketVersioning: 'PutBucketVersioning: bucket.update',
  PutObject: 'PutObject: object.write',
  PutObjectAcl: 'PutObjectAcl: object.write',
  UploadPart: 'UploadPart: object.write',
  UploadPartCopy: 'UploadPartCopy: object.read of the source + UploadPartCopy: object.write',
}

const asked = new Set<string>()
let world: World
let wallet: Wallet

beforeAll(async () => {
  const wrapPolicy = (policy: Policy): Policy => ({
    keepsBucketPolicies: true,
    bypasses: (role) => policy.bypasses?.(role) === true,
    require(access) {
      asked.add(`${access.request.operation}: ${access.action}${access.side === 'source' ? ' of the source' : ''}`)
      return policy.require(access)
    },
  })
  world = await openWorld({ wrapPolicy })
  wallet = await fillWallet()
})
afterAll(() => world.close())

describe('what each route asks the policy', () => {
  test.each(OPERATIONS.map((operation) => [operation.name, operation] as const))(
    'D32: %s is mapped to nothing that another one may do',
    async (name, operation) => {
      await world.reset()
      asked.clear()
      const answer = await sendCell({ operation, kind: 'owner', mode: operation.payload === 'form' ? 'nothing' : 'sha256' }, world, wallet)
      expect(answer.status).toBeLessThan(500)
      expect([...asked].sort().join(' + ')).toBe(ASKED[name])
    },
  )
})
