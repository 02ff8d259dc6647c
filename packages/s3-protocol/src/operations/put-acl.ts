import type { BucketInfo, ObjectInfo } from '@stowage/core'
import type { HttpResponse } from '@stowage/http'
import type { Operation, OperationRequest } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { S3Error } from '../s3-error.ts'
import { childText, readXml } from '../xml/read.ts'
import { refuseAcl } from './fields/object-attributes.ts'

/*
 * Buckets own what is in them (BucketOwnerEnforced), so the one ACL there is cannot be changed: setting it again succeeds,
 * because clients do so as a matter of course, and anything else is refused, never ignored. One file for both, which differ in
 * what they stand on.
 */

/** API_PutBucketAcl. */
export const putBucketAcl: Operation = defineOperation({
  name: 'PutBucketAcl',
  engineName: 'PutBucketAcl',
  match: { method: 'PUT', on: 'bucket', query: { acl: true } },
  payload: 'document',
  lacks: ['anything but the owner in full control'],
  decode: (request) => ({ bucket: request.bucket, grantees: readGrantees(request), signal: request.signal }),
  run: (session, input) => session.putBucketAcl(input),
  encode: ({ account }: BucketInfo, { grantees }) => onlyFor(account, grantees),
})

/** API_PutObjectAcl. */
export const putObjectAcl: Operation = defineOperation({
  name: 'PutObjectAcl',
  engineName: 'PutObjectAcl',
  match: { method: 'PUT', on: 'object', query: { acl: true }, reads: ['versionId'] },
  payload: 'document',
  lacks: ['anything but the owner in full control'],
  decode(request) {
    const versionId = request.query.text('versionId')
    const object = { bucket: request.bucket, key: request.key, grantees: readGrantees(request), signal: request.signal }
    return versionId === undefined ? object : { ...object, versionId }
  },
  run: (session, input) => session.putObjectAcl(input),
  encode: ({ ownerId }: ObjectInfo, { grantees }) => onlyFor(ownerId ?? '', grantees),
})

/** Who is to have FULL_CONTROL, and who is said to be the owner. Null where a canned ACL says it, which can only be the owner. */
function readGrantees({ headers, body }: OperationRequest<'document'>): readonly string[] | null {
  refuseAcl(headers)
  const canned = headers.has('x-amz-acl')
  if (body.length === 0) {
    if (canned) return null
    throw new S3Error('MissingSecurityHeader', 'Your request was missing a required header.', {
      fields: { MissingHeaderName: 'x-amz-acl' },
    })
  }
  if (canned) throw new S3Error('UnexpectedContent', 'This request does not support content beside x-amz-acl.')
  const policy = readXml(body, 'AccessControlPolicy')
  const list = policy.children.find(({ name }) => name === 'AccessControlList')
  if (list === undefined) throw new S3Error('MalformedACLError', 'The XML you provided has no AccessControlList.')
  const grantees = list.children.map((grant) => {
    const grantee = grant.children.find(({ name }) => name === 'Grantee')
    if (grant.name !== 'Grant' || grantee === undefined) throw new S3Error('MalformedACLError', 'Every Grant needs a Grantee.')
    // Whoever is named by anything but the id of an account is not the owner.
    return childText(grant, 'Permission') === 'FULL_CONTROL' ? (childText(grantee, 'ID') ?? '') : ''
  })
  // Whoever is named as the owner must be it: nobody gives what he has away here.
  const owner = policy.children.find(({ name }) => name === 'Owner')
  return owner === undefined || grantees.length === 0 ? grantees : [...grantees, childText(owner, 'ID') ?? '']
}

function onlyFor(owner: string, grantees: readonly string[] | null): HttpResponse {
  if (grantees !== null && (grantees.length === 0 || grantees.some((grantee) => grantee !== owner))) {
    throw new S3Error('AccessControlListNotSupported', 'The bucket does not allow ACLs.')
  }
  return { status: 200, headers: [['content-length', '0']], body: null }
}
