import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isStorageError } from '../../errors/storage-error.ts'
import type { BucketPolicy } from './bucket-policy.ts'
import { BUCKET_POLICY_BYTES_MAX, parseBucketPolicy } from './parse-bucket-policy.ts'

const STATEMENT = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::photos/*' }

function parse(document: unknown): BucketPolicy {
  return parseBucketPolicy(typeof document === 'string' ? document : JSON.stringify(document), 'photos')
}

function statement(fields: Readonly<Record<string, unknown>>): unknown {
  return { Version: '2012-10-17', Statement: [{ ...STATEMENT, ...fields }] }
}

describe('what a policy may say', () => {
  test('one statement without a list, of the old version, with an id', () => {
    const { statements } = parse({ Version: '2008-10-17', Id: 'mine', Statement: STATEMENT })
    expect(statements).toMatchObject([{ sid: null, effect: 'Allow', principals: ['everybody'], otherResources: false, conditions: [] }])
    expect([...(statements[0]?.actions ?? [])]).toEqual(['s3:GetObject'])
  })

  test.each([
    ['*', 'everybody'],
    ['acme', { account: 'acme' }],
    ['arn:aws:iam::acme:root', { account: 'acme' }],
    ['arn:aws:iam::acme:role/editor', { account: 'acme', role: 'editor' }],
    ['arn:aws:iam::acme:user/ann/of/sales', { account: 'acme', user: 'ann/of/sales' }],
  ])('the principal %s', (text, principal) => {
    expect(parse(statement({ Principal: { AWS: text } })).statements[0]?.principals).toEqual([principal])
  })

  test('actions by wildcard and in any case, and all but some', () => {
    const list = parse(statement({ Action: ['s3:getobject', 'S3:List*'], Resource: ['arn:aws:s3:::photos', 'arn:aws:s3:::photos/*'] }))
    expect([...(list.statements[0]?.actions ?? [])].toSorted()).toEqual(
      ['s3:GetObject', 's3:ListBucket', 's3:ListBucketMultipartUploads', 's3:ListBucketVersions', 's3:ListMultipartUploadParts'].toSorted(),
    )
    const { Action: _, ...rest } = STATEMENT
    const others = parse({ Version: '2012-10-17', Statement: { ...rest, NotAction: 's3:Get*' } }).statements[0]?.actions
    expect(others?.has('s3:PutObject')).toBe(true)
    expect(others?.has('s3:GetObject')).toBe(false)
  })
})

const LONG = JSON.stringify(statement({ Sid: 'x'.repeat(BUCKET_POLICY_BYTES_MAX) }))

test.each<[string, unknown, string]>([
  ['no JSON', '{"Version":', 'the policy'],
  ['no object', '[]', 'the policy'],
  ['half a surrogate pair', JSON.stringify(statement({ Sid: 'SID' })).replace('SID', '\ud800'), 'the policy'],
  ['a member twice', JSON.stringify(statement({})).replace('"Effect":"Allow"', '"Effect":"Deny","Effect":"Allow"'), 'the policy'],
  ['an unknown field', { ...(statement({}) as object), Owner: 'x' }, 'Owner'],
  ['an unknown version', { Version: '2020-01-01', Statement: [STATEMENT] }, 'Version'],
  ['no statement', { Version: '2012-10-17' }, 'Statement'],
  ['an empty list of statements', { Version: '2012-10-17', Statement: [] }, 'Statement'],
  ['a statement that is none', { Version: '2012-10-17', Statement: ['x'] }, 'Statement[0]'],
  [
    'a Sid twice',
    {
      Version: '2012-10-17',
      Statement: [
        { ...STATEMENT, Sid: 'a' },
        { ...STATEMENT, Sid: 'a' },
      ],
    },
    'Statement',
  ],
  ['an unknown field of a statement', statement({ Actions: 's3:*' }), 'Statement[0].Actions'],
  ['NotPrincipal', statement({ NotPrincipal: '*' }), 'Statement[0].NotPrincipal'],
  ['an effect of another case', statement({ Effect: 'allow' }), 'Statement[0].Effect'],
  ['no effect', statement({ Effect: undefined }), 'Statement[0].Effect'],
  ['no principal', statement({ Principal: undefined }), 'Statement[0].Principal'],
  ['a principal that is a name', statement({ Principal: 'acme' }), 'Statement[0].Principal'],
  ['a principal of another kind', statement({ Principal: { Service: 's3.amazonaws.com' } }), 'Statement[0].Principal.Service'],
  ['a principal with a wildcard', statement({ Principal: { AWS: 'arn:aws:iam::acme:user/*' } }), 'Statement[0].Principal'],
  ['an empty list of principals', statement({ Principal: { AWS: [] } }), 'Statement[0].Principal.AWS'],
  ['both Action and NotAction', statement({ NotAction: 's3:GetObject' }), 'Statement[0]'],
  ['no action', statement({ Action: undefined }), 'Statement[0]'],
  ['an action of nobody', statement({ Action: 's3:GetObjects' }), 'Statement[0].Action'],
  ['an action of another service', statement({ Action: 'ec2:*' }), 'Statement[0].Action'],
  ['no resource', statement({ Resource: undefined }), 'Statement[0]'],
  ['another bucket', statement({ Resource: 'arn:aws:s3:::videos/*' }), 'Statement[0].Resource'],
  ['all buckets', statement({ Resource: '*' }), 'Statement[0].Resource'],
  ['buckets that begin alike', statement({ Resource: 'arn:aws:s3:::photos*/x' }), 'Statement[0].Resource'],
  ['an object action on a bucket', statement({ Resource: 'arn:aws:s3:::photos' }), 'Statement[0].Action'],
  ['a bucket action on objects', statement({ Action: 's3:ListBucket' }), 'Statement[0].Action'],
  ['an unknown variable', statement({ Resource: 'arn:aws:s3:::photos/${aws:nonsense}/*' }), 'Statement[0].Resource'],
  ['an unknown operator', statement({ Condition: { StringIs: { 'aws:Referer': 'x' } } }), 'Statement[0].Condition.StringIs'],
  [
    'a set operator',
    statement({ Condition: { 'ForAnyValue:StringEquals': { 'aws:Referer': 'x' } } }),
    'Statement[0].Condition.ForAnyValue:StringEquals',
  ],
  [
    'an unknown key',
    statement({ Condition: { StringEquals: { 'aws:Nonsense': 'x' } } }),
    'Statement[0].Condition.StringEquals.aws:Nonsense',
  ],
  [
    'a tag of an object',
    statement({ Condition: { StringEquals: { 's3:ExistingObjectTag/a': 'x' } } }),
    'Statement[0].Condition.StringEquals.s3:ExistingObjectTag/a',
  ],
  [
    'a condition without values',
    statement({ Condition: { StringEquals: { 'aws:Referer': [] } } }),
    'Statement[0].Condition.StringEquals.aws:Referer',
  ],
  [
    'an address that is none',
    statement({ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/33' } } }),
    'Statement[0].Condition.IpAddress.aws:SourceIp',
  ],
  [
    'a number that is none',
    statement({ Condition: { NumericEquals: { 's3:max-keys': 'ten' } } }),
    'Statement[0].Condition.NumericEquals.s3:max-keys',
  ],
  [
    'a date that is none',
    statement({ Condition: { DateLessThan: { 'aws:CurrentTime': 'tomorrow' } } }),
    'Statement[0].Condition.DateLessThan.aws:CurrentTime',
  ],
  [
    'a truth value that is none',
    statement({ Condition: { Bool: { 'aws:SecureTransport': 'yes' } } }),
    'Statement[0].Condition.Bool.aws:SecureTransport',
  ],
  ['more than 20 KiB', LONG, 'the policy'],
])('D33: refuses %s, and says where', (_, document, place) => {
  expect(() => parse(document)).toThrow(expect.objectContaining({ code: 'MalformedPolicy', details: expect.objectContaining({ place }) }))
})

test('whatever is put, it is a policy or malformed', { timeout: 30_000 }, () => {
  const word = fc.constantFrom('Version', 'Statement', 'Effect', 'Allow', 'Deny', 'Principal', 'AWS', '*', 'Action', 's3:*', 'Resource',
    'arn:aws:s3:::photos/*', 'arn:aws:s3:::photos', 'Condition', 'StringLike', 'aws:Referer', '2012-10-17', '${jwt:sub}', '__proto__', 'constructor') // prettier-ignore
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof({ maxDepth: 5 }, word, fc.jsonValue({ maxDepth: 1 }), fc.array(tie('tree'), { maxLength: 3 }), fc.dictionary(word, tie('tree'), { maxKeys: 8 })),
  })) // prettier-ignore
  fc.assert(
    fc.property(
      fc.oneof(tree, fc.record({ Statement: fc.record({ Effect: tree, Principal: tree, Action: tree, Resource: tree, Condition: tree }) })),
      (value) => {
        try {
          expect(parse(value).statements.length).toBeGreaterThan(0)
        } catch (error) {
          expect(isStorageError(error) && error.code).toBe('MalformedPolicy')
        }
      },
    ),
    { numRuns: 10_000 },
  )
})
