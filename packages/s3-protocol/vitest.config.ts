import { defineProject, mergeConfig } from 'vitest/config'
import shared from '../../vitest.shared.ts'

/** Files share their modules: fifty small ones would load the same table of operations fifty times. No test changes a module. */
export default mergeConfig(
  shared,
  defineProject({ test: { name: 's3-protocol', include: ['src/**/*.test.ts', 'test/**/*.test.ts'], isolate: false } }),
)
