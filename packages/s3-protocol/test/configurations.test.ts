import * as sdk from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CONFIGURATION_OPERATIONS } from '../src/operations/configurations.ts'
import { ANN, BUCKET, openDoor } from './door.ts'
import type { Door } from './door.ts'
import { sdkClient } from './sdk-client.ts'

let door: Door
let ann: sdk.S3Client
const Bucket = BUCKET
const Key = 'k'

beforeAll(async () => {
  door = await openDoor()
  ann = sdkClient(door.port, ANN)
  await ann.send(new sdk.PutObjectCommand({ Bucket, Key, Body: 'x', Tagging: 'team=x&empty=' }))
})
afterAll(async () => {
  ann.destroy()
  expect(door.faults).toEqual([])
  await door.close()
})

const OWNER = { ID: 'ann', DisplayName: 'ann' }
const ACL = { Owner: OWNER, Grants: [{ Grantee: { ...OWNER, Type: 'CanonicalUser' }, Permission: 'FULL_CONTROL' }] }

describe('what is not set is answered as AWS answers it', () => {
  test('by what it means to be without it', async () => {
    expect(await ann.send(new sdk.GetBucketVersioningCommand({ Bucket }))).not.toHaveProperty('Status')
    expect(await ann.send(new sdk.GetBucketAclCommand({ Bucket }))).toMatchObject(ACL)
    expect(await ann.send(new sdk.GetObjectAclCommand({ Bucket, Key }))).toMatchObject(ACL)
    expect(await ann.send(new sdk.GetBucketRequestPaymentCommand({ Bucket }))).toMatchObject({ Payer: 'BucketOwner' })
    expect(await ann.send(new sdk.GetBucketOwnershipControlsCommand({ Bucket }))).toMatchObject({
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    })
    expect((await ann.send(new sdk.GetBucketLoggingCommand({ Bucket }))).LoggingEnabled).toBeUndefined()
    expect((await ann.send(new sdk.GetBucketAccelerateConfigurationCommand({ Bucket }))).Status).toBeUndefined()
    expect((await ann.send(new sdk.GetBucketNotificationConfigurationCommand({ Bucket }))).QueueConfigurations).toBeUndefined()
  })

  test('an object shows its tags', async () => {
    const { TagSet } = await ann.send(new sdk.GetObjectTaggingCommand({ Bucket, Key }))
    expect(TagSet).toEqual(expect.arrayContaining([{ Key: 'team', Value: 'x' }, { Key: 'empty', Value: '' }])) // prettier-ignore
    expect(TagSet).toHaveLength(2)
  })

  test.each<[string, string]>([
    ['?cors', '404 NoSuchCORSConfiguration'],
    ['?encryption', '404 ServerSideEncryptionConfigurationNotFoundError'],
    ['?lifecycle', '404 NoSuchLifecycleConfiguration'],
    ['?object-lock', '404 ObjectLockConfigurationNotFoundError'],
    ['?policy', '404 NoSuchBucketPolicy'],
    ['?policyStatus', '404 NoSuchBucketPolicy'],
    ['?publicAccessBlock', '404 NoSuchPublicAccessBlockConfiguration'],
    ['?replication', '404 ReplicationConfigurationNotFoundError'],
    ['?tagging', '404 NoSuchTagSet'],
    ['?website', '404 NoSuchWebsiteConfiguration'],
    ['/k?legal-hold', '400 InvalidRequest'],
    ['/k?retention', '400 InvalidRequest'],
    ['/absent?acl', '404 NoSuchKey'],
    ['/absent?tagging', '404 NoSuchKey'],
  ])('GET %s: %s', async (target, outcome) => {
    expect((await door.ann.send('GET', `/${BUCKET}${target}`)).outcome).toBe(outcome)
  })
})

test('to nobody who may not see the bucket or the object', async () => {
  for (const { match } of CONFIGURATION_OPERATIONS) {
    const word = Object.keys(match.query ?? {})[0] ?? ''
    const target = `/${BUCKET}${match.on === 'object' ? '/k' : ''}?${word}`
    expect([target, (await door.bob.send('GET', target)).outcome]).toEqual([target, '403 AccessDenied'])
    expect([target, (await door.anonymous.send('GET', target)).outcome]).toEqual([target, '403 AccessDenied'])
    const nowhere = target.replace(BUCKET, 'nowhere')
    expect([nowhere, (await door.ann.send('GET', nowhere)).outcome]).toEqual([nowhere, '404 NoSuchBucket'])
  }
})

describe('setting the ACL', () => {
  const policy = (...grants: readonly string[]): string =>
    `<AccessControlPolicy><Owner><ID>ann</ID></Owner><AccessControlList>${grants.join('')}</AccessControlList></AccessControlPolicy>`
  const grant = (id: string, permission: string): string =>
    `<Grant><Grantee><ID>${id}</ID></Grantee><Permission>${permission}</Permission></Grant>`
  const everybody =
    '<Grant><Grantee><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant>'

  test.each<[string, readonly (readonly [string, string])[], string, string]>([
    ['private', [['x-amz-acl', 'private']], '', '200'],
    ['bucket-owner-full-control', [['x-amz-acl', 'bucket-owner-full-control']], '', '200'],
    ['what GET shows', [], policy(grant('ann', 'FULL_CONTROL')), '200'],
    ['public-read', [['x-amz-acl', 'public-read']], '', '400 AccessControlListNotSupported'],
    ['a grant to everybody', [], policy(grant('ann', 'FULL_CONTROL'), everybody), '400 AccessControlListNotSupported'],
    ['a grant to another', [], policy(grant('bob', 'FULL_CONTROL')), '400 AccessControlListNotSupported'],
    ['less for the owner', [], policy(grant('ann', 'READ')), '400 AccessControlListNotSupported'],
    [
      'another owner',
      [],
      policy(grant('ann', 'FULL_CONTROL')).replace('<Owner><ID>ann', '<Owner><ID>bob'),
      '400 AccessControlListNotSupported',
    ],
    ['nobody', [], policy(), '400 AccessControlListNotSupported'],
    ['a grant to nobody', [], policy('<Grant><Permission>READ</Permission></Grant>'), '400 MalformedACLError'],
    ['no list', [], '<AccessControlPolicy/>', '400 MalformedACLError'],
    ['another document', [], '<X/>', '400 MalformedXML'],
    ['both', [['x-amz-acl', 'private']], policy(grant('ann', 'FULL_CONTROL')), '400 UnexpectedContent'],
    ['nothing', [], '', '400 MissingSecurityHeader'],
  ])('to %s', async (_, headers, body, outcome) => {
    for (const target of [`/${BUCKET}?acl`, `/${BUCKET}/k?acl`]) {
      expect([target, (await door.ann.send('PUT', target, { headers, body })).outcome]).toEqual([target, outcome])
    }
  })

  test('by the SDK: what it read, and a canned one', async () => {
    const { Owner, Grants } = await ann.send(new sdk.GetObjectAclCommand({ Bucket, Key }))
    const AccessControlPolicy = { Owner, Grants }
    await ann.send(new sdk.PutObjectAclCommand({ Bucket, Key, AccessControlPolicy }))
    await ann.send(new sdk.PutBucketAclCommand({ Bucket, ACL: 'private' }))
    await expect(ann.send(new sdk.PutBucketAclCommand({ Bucket, ACL: 'public-read' }))).rejects.toMatchObject({
      name: 'AccessControlListNotSupported',
    })
  })

  test('of what is not there, or not for the caller', async () => {
    const headers = [['x-amz-acl', 'private']] as const
    expect((await door.ann.send('PUT', `/${BUCKET}/absent?acl`, { headers })).outcome).toBe('404 NoSuchKey')
    expect((await door.ann.send('PUT', '/nowhere?acl', { headers })).outcome).toBe('404 NoSuchBucket')
    for (const target of [`/${BUCKET}?acl`, `/${BUCKET}/k?acl`])
      expect((await door.bob.send('PUT', target, { headers })).outcome).toBe('403 AccessDenied')
  })
})

test('setting them is not implemented, by name', async () => {
  for (const word of ['cors', 'tagging', 'website']) {
    const answer = await door.ann.send('PUT', `/${BUCKET}?${word}`, { body: '<X/>' })
    expect([word, answer.outcome]).toEqual([word, '501 NotImplemented'])
  }
})
