import { defineProject, mergeConfig } from 'vitest/config'
import shared from '../../vitest.shared.ts'

export default mergeConfig(
  shared,
  defineProject({
    test: {
      name: 'policy-sql',
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      globalSetup: ['../core/test/postgres-global-setup.ts'],
    },
  }),
)
