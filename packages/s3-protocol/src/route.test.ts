import { describe, expect, test } from 'vitest'
import { defineOperation } from './operation.ts'
import type { OperationMatch } from './operation.ts'
import { OPERATIONS } from './operations/index.ts'
import { createRouter } from './route.ts'
import { S3Headers } from './s3-headers.ts'
import { S3Query } from './s3-query.ts'
import { SUB_RESOURCES } from './sub-resources.ts'

const route = createRouter(OPERATIONS)

interface Asked {
  readonly method: string
  readonly on: OperationMatch['on']
  readonly query?: readonly (readonly [string, string])[]
  readonly headers?: readonly (readonly [string, string])[]
}

function ask(asked: Asked): string {
  const routed = route({ ...asked, query: new S3Query(asked.query ?? []), headers: new S3Headers(asked.headers ?? []) })
  return routed.outcome === 'operation' ? routed.operation.name : routed.outcome
}

function row(name: string, match: OperationMatch): (typeof OPERATIONS)[number] {
  return defineOperation({
    name,
    engineName: 'GetObject',
    match,
    payload: 'none',
    decode: () => null,
    run: async () => null,
    encode: () => ({ status: 200, headers: [], body: null }),
  })
}

describe('createRouter', () => {
  test.each([
    [{ method: 'GET', on: 'service' }, 'ListBuckets'],
    [{ method: 'GET', on: 'bucket' }, 'ListObjects'],
    [{ method: 'GET', on: 'bucket', query: [['list-type', '2']] }, 'ListObjectsV2'],
    [{ method: 'GET', on: 'bucket', query: [['list-type', '3']] }, 'not-implemented'],
    [{ method: 'GET', on: 'bucket', query: [['location', '']] }, 'GetBucketLocation'],
    [{ method: 'GET', on: 'bucket', query: [['uploads', '']] }, 'ListMultipartUploads'],
    [{ method: 'PUT', on: 'object' }, 'PutObject'],
    [{ method: 'PUT', on: 'object', query: [['x-id', 'PutObject']] }, 'PutObject'],
    [{ method: 'PUT', on: 'object', headers: [['x-amz-copy-source', '/b/k']] }, 'CopyObject'],
    [
      {
        method: 'PUT',
        on: 'object',
        query: [
          ['partNumber', '1'],
          ['uploadId', 'u'],
        ],
      },
      'UploadPart',
    ],
    [
      {
        method: 'PUT',
        on: 'object',
        query: [
          ['partNumber', '1'],
          ['uploadId', 'u'],
        ],
        headers: [['x-amz-copy-source', '/b/k']],
      },
      'UploadPartCopy',
    ],
    [{ method: 'PUT', on: 'object', query: [['uploadId', 'u']] }, 'not-implemented'],
    [{ method: 'PUT', on: 'object', query: [['versionId', 'v']] }, 'not-implemented'],
    [
      {
        method: 'GET',
        on: 'object',
        query: [
          ['versionId', 'v'],
          ['partNumber', '2'],
        ],
      },
      'GetObject',
    ],
    [{ method: 'GET', on: 'object', query: [['uploadId', 'u']] }, 'ListParts'],
    [{ method: 'DELETE', on: 'object', query: [['uploadId', 'u']] }, 'AbortMultipartUpload'],
    [{ method: 'DELETE', on: 'object', query: [['tagging', '']] }, 'not-implemented'],
    [{ method: 'POST', on: 'bucket', query: [['delete', '']] }, 'DeleteObjects'],
    [{ method: 'POST', on: 'bucket' }, 'PostObject'],
    [{ method: 'POST', on: 'bucket', query: [['policy', '']] }, 'not-implemented'],
    [{ method: 'POST', on: 'service' }, 'method-not-allowed'],
    [{ method: 'PATCH', on: 'object' }, 'method-not-allowed'],
  ] satisfies readonly (readonly [Asked, string])[])('%j is %s', (asked, expected) => {
    expect(ask(asked)).toBe(expected)
  })

  test('no row swallows a sub-resource that it does not name', () => {
    for (const operation of OPERATIONS) {
      const named = new Set([...Object.keys(operation.match.query ?? {}), ...(operation.match.reads ?? [])])
      const own = Object.entries(operation.match.query ?? {}).map(([name, value]) => [name, value === true ? '' : value] as const)
      const headers = operation.match.header === undefined ? [] : [[operation.match.header, 'x'] as const]
      for (const word of SUB_RESOURCES) {
        if (named.has(word)) continue
        const answer = ask({ method: operation.match.method, on: operation.match.on, query: [...own, [word, '']], headers })
        expect(`${word}: ${answer}`).not.toBe(`${word}: ${operation.name}`)
      }
    }
  })

  test('the order of the table means nothing', () => {
    const reversed = createRouter([...OPERATIONS].reverse())
    const asked = { method: 'PUT', on: 'object', query: new S3Query([]), headers: new S3Headers([['x-amz-copy-source', '/b/k']]) } as const
    expect(reversed(asked)).toMatchObject({ operation: { name: 'CopyObject' } })
  })

  test('D57: a row that does not say what it is to the policy makes no router', () => {
    const undeclared = {
      ...row('Secret', { method: 'GET', on: 'bucket', query: { logging: true } }),
      engineName: 'constructor' as 'GetObject',
    }
    expect(() => createRouter([...OPERATIONS, undeclared])).toThrow('The operation Secret does not say')
  })

  test('two rows that could both answer are refused when the router is made', () => {
    const one = row('One', { method: 'GET', on: 'object', query: { acl: true }, reads: ['tagging'] })
    const two = row('Two', { method: 'GET', on: 'object', query: { tagging: true }, reads: ['acl'] })
    expect(() => createRouter([one, two])).toThrow('One and Two')
    expect(() => createRouter([row('One', { method: 'GET', on: 'object' }), row('Two', { method: 'GET', on: 'object' })])).toThrow(
      'One and Two',
    )
  })
})
