import * as client from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { OPERATIONS } from './operations/index.ts'
import { createRouter } from './route.ts'
import { S3Headers } from './s3-headers.ts'
import { S3Query } from './s3-query.ts'
import { ELSEWHERE, UNSUPPORTED_OPERATIONS } from './unsupported.ts'

const OF_AWS = Object.keys(client)
  .filter((name) => /^[A-Z].*Command$/.test(name))
  .map((name) => name.slice(0, -'Command'.length))
/** Only browsers send it. */
const BESIDE_THE_SDK = 'PostObject'

describe('UNSUPPORTED_OPERATIONS', () => {
  test('every operation that the AWS SDK knows is answered, or named here, and in one place only', () => {
    const named = [...OPERATIONS.map(({ name }) => name), ...UNSUPPORTED_OPERATIONS.map(({ name }) => name), ...ELSEWHERE]
    expect(OF_AWS.length).toBeGreaterThan(100)
    expect([...named].sort()).toEqual([...OF_AWS, BESIDE_THE_SDK].sort())
  })

  test.each(UNSUPPORTED_OPERATIONS.map((row) => [row.name, row] as const))(
    '%s is answered by its name, never by a neighbour',
    (_name, row) => {
      const query = new S3Query(Object.keys(row.match.query ?? {}).map((word) => [word, '']))
      const routed = createRouter(OPERATIONS)({ ...row.match, query, headers: new S3Headers([]) })
      expect(routed).toEqual({ outcome: 'not-implemented', subResource: query.names[0] })
    },
  )
})
