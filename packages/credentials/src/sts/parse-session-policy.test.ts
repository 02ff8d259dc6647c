import { OPERATION_NAMES, type OperationName } from '@stowage/core'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { S3_ACTIONS } from '../../../core/src/policy/bucket-policy/s3-actions.ts'
import { arbitraryWish, scopeLets, type Wish } from '../../test/scope-arbitrary.ts'
import { parseSessionPolicy } from './parse-session-policy.ts'

const allow = (Action: unknown, Resource: unknown): object => ({ Effect: 'Allow', Action, Resource })
const policy = (...Statement: unknown[]): string => JSON.stringify({ Version: '2012-10-17', Statement })
const parse = (...statements: unknown[]): unknown => parseSessionPolicy(policy(...statements))
const bucket = (name: string): object => ({ jurisdiction: 'default', name })

describe('a session policy', () => {
  test('for reading under a prefix, as it is usually written', () => {
    const scope = parse(
      allow('s3:ListBucket', 'arn:aws:s3:::photos'),
      allow(['s3:GetObject'], ['arn:aws:s3:::photos/ann/*', 'arn:aws:s3:::photos/readme']),
    )
    expect(scope).toEqual({
      operations: new Set(['HeadBucket', 'ListObjects', 'GetObject', 'HeadObject']),
      buckets: [bucket('photos')],
      prefixes: ['ann/'],
      objects: ['readme'],
    })
  })

  test('for everything', () => {
    const everything = { operations: new Set(Object.keys(OPERATION_NAMES)) }
    for (const [action, resource] of [
      ['*', '*'],
      ['s3:*', 'arn:aws:s3:::*'],
      ['S3:**', '*'],
    ]) {
      expect(parse(allow(action, resource))).toEqual(everything)
    }
  })

  test('for whole buckets, of a jurisdiction', () => {
    const text = policy(allow('s3:PutObject', ['arn:aws:s3:::a/*', 'arn:aws:s3:::b/*']))
    expect(parseSessionPolicy(text, 'eu')).toMatchObject({
      buckets: [
        { jurisdiction: 'eu', name: 'a' },
        { jurisdiction: 'eu', name: 'b' },
      ],
    })
    expect(parseSessionPolicy(text, 'eu').prefixes).toBeUndefined()
  })

  test('that lets write does not let copy', () => {
    const names = (...actions: string[]): ReadonlySet<OperationName> =>
      parseSessionPolicy(policy(allow(actions, 'arn:aws:s3:::a/*'))).operations ?? new Set()
    expect(names('s3:PutObject').has('CopyObject')).toBe(false)
    expect(names('s3:PutObject').has('UploadPartCopy')).toBe(false)
    expect(names('s3:PutObject', 's3:GetObject').has('CopyObject')).toBe(true)
  })

  test('about nothing that there is allows nothing', () => {
    expect(parse(allow('s3:GetObjectTorrent', '*'))).toEqual({ operations: new Set() })
    expect(parse(allow('s3:GetObject', 'arn:aws:s3:::a'))).toEqual({ operations: new Set() })
  })

  test('is refused where it is not wholly understood', () => {
    const good = allow('s3:GetObject', 'arn:aws:s3:::a/*')
    const texts = [
      '',
      '{}',
      '[]',
      'null',
      'x',
      '{"Statement":[]}',
      JSON.stringify({ Statement: good, Principal: '*' }),
      JSON.stringify({ Version: '2020-01-01', Statement: good }),
      // What is read twice could mean either.
      policy(good).replace('"Effect"', '"Resource":"arn:aws:s3:::other/*","Effect"'),
    ]
    for (const text of [...texts, policy(good).padEnd(2049)]) {
      // A list of no statements allows nothing.
      if (text === '{"Statement":[]}') expect(parseSessionPolicy(text)).toEqual({ operations: new Set() })
      else expect(() => parseSessionPolicy(text), text).toThrow(TypeError)
    }
    const statements: unknown[] = [
      null,
      { ...good, Effect: 'Deny' },
      { ...good, Effect: 'allow' },
      { ...good, Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } },
      { ...good, NotAction: 's3:*' },
      { ...good, Principal: '*' },
      { ...good, action: 's3:*' },
      { Effect: 'Allow', Action: 's3:GetObject' },
      { Effect: 'Allow', Resource: '*' },
      allow([], '*'),
      allow('sts:AssumeRole', '*'),
      allow('s3:', '*'),
      allow('s3:Get.*', '*'),
      allow('s3:GetObject', []),
      allow('s3:GetObject', 'a/*'),
      allow('s3:GetObject', 'arn:aws:s3:::a*/b'),
      allow('s3:GetObject', 'arn:aws:s3:::a/*/b'),
      allow('s3:GetObject', 'arn:aws:s3:::a/b?'),
      allow('s3:GetObject', 'arn:aws:s3:::*/b'),
      allow('s3:GetObject', 'arn:aws:s3:::a/${aws:username}/*'),
      allow('s3:GetObject', 'arn:aws:s3:eu-west-1::a/*'),
      allow('s3:GetObject', 'arn:aws:s3:::a/'),
    ]
    for (const statement of statements) expect(() => parse(statement), JSON.stringify(statement)).toThrow(TypeError)
    expect(() => parse(good, allow('s3:PutObject', 'arn:aws:s3:::b/*'))).toThrow('the same in all')
    expect(() => parse(allow('s3:GetObject', ['arn:aws:s3:::a/x/*', 'arn:aws:s3:::b/y/*']))).toThrow('the same in all')
  })

  test('never lets through what IAM would not', () => {
    const actions = fc.constantFrom(
      's3:*',
      's3:GetObject',
      's3:PutObject',
      's3:ListBucket',
      's3:*Object',
      's3:ListAllMyBuckets',
      's3:Create?ucket',
    )
    const resources = fc.constantFrom(
      '*',
      'arn:aws:s3:::*',
      'arn:aws:s3:::one',
      'arn:aws:s3:::one/*',
      'arn:aws:s3:::one/a/*',
      'arn:aws:s3:::one/b',
      'arn:aws:s3:::two',
      'arn:aws:s3:::*/*',
    )
    const statement = fc.record({
      Effect: fc.constant('Allow'),
      Action: fc.array(actions, { minLength: 1, maxLength: 2 }),
      Resource: fc.array(resources, { minLength: 1, maxLength: 3 }),
    })
    let through = 0
    fc.assert(
      fc.property(
        fc.array(statement, { minLength: 1, maxLength: 2 }),
        fc.array(arbitraryWish, { minLength: 20, maxLength: 20 }),
        (statements, wishes) => {
          let scope
          try {
            scope = parseSessionPolicy(policy(...statements))
          } catch (error) {
            expect(error).toEqual(expect.objectContaining({ message: expect.stringContaining('the same in all') as unknown }))
            return
          }
          for (const wish of wishes) {
            if (wish.bucket.jurisdiction !== 'default' || !scopeLets(scope, wish)) continue
            through += 1
            expect(iamLets(statements, wish), JSON.stringify([statements, wish])).toBe(true)
          }
        },
      ),
      { numRuns: 1000 },
    )
    expect(through).toBeGreaterThan(1000)
  })
})

/** IAM, as its page of policy elements says it: an action and a resource that match. What an action is about is AWS's own list. */
function iamLets(statements: readonly { readonly Action: readonly string[]; readonly Resource: readonly string[] }[], wish: Wish): boolean {
  const { bucket: place, key, operation } = wish
  // What is listed, one bucket or many, is filtered by the engine.
  if (operation === 'ListBuckets')
    return statements.some((each) => matches(each.Action, 's3:ListAllMyBuckets') && matches(each.Resource, 'arn:aws:s3:::*'))
  const action = OPERATION_NAMES[operation].s3
  const resource = `arn:aws:s3:::${place.name}${S3_ACTIONS.get(action) === 'bucket' ? '' : `/${key}`}`
  return statements.some((each) => matches(each.Action, action) && matches(each.Resource, resource))
}

function matches(patterns: readonly string[], text: string): boolean {
  const escaped = (pattern: string): string =>
    pattern
      .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '[^]*')
      .replaceAll('?', '[^]')
  return patterns.some((pattern) => new RegExp(`^${escaped(pattern)}$`, 'i').test(text))
}
