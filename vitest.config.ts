import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // One worker, the default on two cores, mostly waits: for the disk, for Postgres, for servers in processes of their own.
    maxWorkers: 3,
    projects: ['packages/*/vitest.config.ts', 'tools/*/vitest.config.ts', 'examples/vitest.config.ts', 'bench/vitest.config.ts'],
    coverage: { provider: 'v8', include: ['packages/*/src/**/*.ts'] },
  },
})
