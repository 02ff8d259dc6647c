import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineProject, mergeConfig } from 'vitest/config'
import shared from '../../vitest.shared.ts'

export default mergeConfig(
  shared,
  defineProject({
    test: {
      name: 'core',
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      globalSetup: ['test/postgres-global-setup.ts'],
      // Writer threads start from source, hundreds of them. Without the cache each loads a WASM compiler to strip types,
      // which is half of its start, and now and then trips V8 ("Check failed: jit_page.has_value()", nodejs/node#64500).
      env: { NODE_COMPILE_CACHE: join(tmpdir(), 'stowage-compile-cache') },
    },
  }),
)
