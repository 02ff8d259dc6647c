import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Every project runs from source: workspace packages resolve to their `src` by a private condition. */
export default defineConfig({
  ssr: { resolve: { conditions: ['@stowage/source'] } },
  test: {
    // Each project says it: at the root it says nothing of projects, which then run a file at a time on two cores. A worker mostly waits:
    // for the disk, for Postgres, for servers in processes of their own.
    maxWorkers: 3,
    // Deadlines for a machine that is busy, not measurements.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Threads and processes start from source, hundreds of them. Without the cache each loads a WASM compiler to strip types, which
    // is half of its start, and now and then trips V8 ("Check failed: jit_page.has_value()", nodejs/node#64500).
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'stowage-compile-cache') },
  },
})
