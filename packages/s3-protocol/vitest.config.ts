import { defineProject, mergeConfig } from 'vitest/config'
import shared from '../../vitest.shared.ts'

export default mergeConfig(shared, defineProject({ test: { name: 's3-protocol', include: ['src/**/*.test.ts', 'test/**/*.test.ts'] } }))
