import { defineProject, mergeConfig } from 'vitest/config'
import shared from '../../vitest.shared.ts'

// What needs a server of Cloud Storage runs where one is named (`npm run verify` starts them), and is no part of `npm test`.
const { STOWAGE_TEST_GCS_ENDPOINT, STOWAGE_TEST_GCS_BUCKET } = process.env
const hasServer = STOWAGE_TEST_GCS_ENDPOINT !== undefined || STOWAGE_TEST_GCS_BUCKET !== undefined

export default mergeConfig(
  shared,
  defineProject({
    test: {
      name: 'backend-gcs',
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      exclude: hasServer ? [] : ['test/servers/**'],
    },
  }),
)
