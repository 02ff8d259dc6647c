import type { ListedObjects, ObjectInfo, Session } from '@stowage/core'
import { bench, do_not_optimize, group, run } from 'mitata'
import type { OperationContext, OperationRequest } from '../../../packages/s3-protocol/src/operation.ts'
import { listObjectsV2 } from '../../../packages/s3-protocol/src/operations/list-objects-v2.ts'
import { S3Headers } from '../../../packages/s3-protocol/src/s3-headers.ts'
import { S3Query } from '../../../packages/s3-protocol/src/s3-query.ts'

/** A page of a listing from rows to bytes, without the rows' price. `node -C @stowage/source bench/src/micro/list-xml.ts`. */
const ENTRIES = 1000

function info(index: number): ObjectInfo {
  return {
    bucketId: 'bench',
    key: `photos/2026/cats & dogs/o${String(index).padStart(8, '0')}.jpg`,
    versionId: 'null',
    deleteMarker: false,
    latest: true,
    sequence: index,
    size: 4096,
    etag: 'd41d8cd98f00b204e9800998ecf8427e',
    partCount: null,
    checksum: null,
    headers: {},
    userMetadata: {},
    tags: {},
    ownerId: 'bench',
    retention: null,
    legalHold: false,
    createdAt: new Date(index * 1000),
  }
}

const more = { truncated: true, nextToken: 'an-opaque-token', nextMarker: 'z' }
const pages: readonly (readonly [string, ListedObjects])[] = [
  ['1,000 keys', { ...more, objects: Array.from({ length: ENTRIES }, (_, index) => info(index)), commonPrefixes: [] }],
  ['1,000 prefixes', { ...more, objects: [], commonPrefixes: Array.from({ length: ENTRIES }, (_, index) => `photos/${index}/`) }],
]

const request: OperationRequest = {
  bucket: { name: 'bench' },
  key: '',
  query: new S3Query([
    ['list-type', '2'],
    ['delimiter', '/'],
  ]),
  headers: new S3Headers([]),
  body: null,
  signal: new AbortController().signal,
}
const context: OperationContext = {
  region: 'us-east-1',
  requestId: 'bench',
  url: 'http://127.0.0.1/bench',
  displayName: (account) => account,
  redirects: null,
  now: new Date(),
}

group('ListObjectsV2 from a page at hand', () => {
  for (const [name, listed] of pages) {
    const session = { listObjects: () => Promise.resolve(listed) } as Partial<Session> as Session
    bench(name, async () => do_not_optimize(await listObjectsV2.handle(session, request, context)))
  }
})

await run()
