import { defineConfig } from 'vitest/config'

/** Every project runs from source: workspace packages resolve to their `src` by a private condition. */
export default defineConfig({ ssr: { resolve: { conditions: ['@stowage/source'] } } })
