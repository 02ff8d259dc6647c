import { defineProject, mergeConfig } from 'vitest/config'
import shared from '../../vitest.shared.ts'

// What needs a server of Cloud Storage runs where one is named (`npm run verify` starts them), and is no part of `npm test`: the suite on
// whatever there is, faults in front of an emulator (one that speaks HTTP), and what only Google's own can do.
const { STOWAGE_TEST_GCS_BUCKET, STOWAGE_TEST_GCS_ENDPOINT, STOWAGE_TEST_GCS_RETRY_API } = process.env
const absent = [
  ...(STOWAGE_TEST_GCS_ENDPOINT === undefined ? ['test/servers/{faults,garbage}.test.ts'] : []),
  ...(STOWAGE_TEST_GCS_RETRY_API === undefined ? ['test/servers/retry-api.test.ts'] : []),
  ...(STOWAGE_TEST_GCS_ENDPOINT === undefined && STOWAGE_TEST_GCS_BUCKET === undefined ? ['test/servers/**'] : []),
]

export default mergeConfig(
  shared,
  defineProject({ test: { name: 'backend-gcs', include: ['src/**/*.test.ts', 'test/**/*.test.ts'], exclude: absent } }),
)
