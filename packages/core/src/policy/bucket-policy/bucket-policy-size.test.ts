import { expect, test } from 'vitest'
import { bucketPolicySize } from './bucket-policy-size.ts'
import { parseBucketPolicy } from './parse-bucket-policy.ts'
import { S3_ACTIONS } from './s3-actions.ts'

function sizeOf(statements: readonly object[]): number {
  const rest = { Effect: 'Allow', Principal: '*', Resource: ['arn:aws:s3:::b', 'arn:aws:s3:::b/*'] }
  const text = JSON.stringify({ Version: '2012-10-17', Statement: statements.map((statement) => ({ ...rest, ...statement })) })
  return bucketPolicySize(parseBucketPolicy(text, 'b'), 0)
}

test('a set of actions counts once, however many statements have it, and each other one for itself', () => {
  const all = sizeOf([{ Action: '*' }])
  expect(all).toBeGreaterThan(0)
  expect(sizeOf([{ Action: '*' }, { Action: ['s3:Get*', 's3:*'] }, { Action: 's3:*' }])).toBe(all)
  const others = [...S3_ACTIONS.keys()].slice(0, 50).map((name) => ({ NotAction: name }))
  expect(sizeOf(others)).toBeGreaterThan(45 * all)
})
