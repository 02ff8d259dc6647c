import { expect, test } from 'vitest'
import { reachableFiles } from './reachable-files.ts'

const manifest = {
  path: 'packages/core/package.json',
  text: JSON.stringify({
    exports: { '.': { '@stowage/source': './src/index.ts', default: './dist/index.js' }, './package.json': './package.json' },
    bin: { core: './dist/main.js' },
  }),
}
const file = (path: string, text = ''): { readonly path: string; readonly text: string } => ({ path: `packages/core/src/${path}`, text })

test('reaches exports, commands, imports of imports, types and workers', () => {
  const files = [
    manifest,
    file('index.ts', `export { a } from './model/a.ts'\nconst worker = new URL('./worker.js', import.meta.url)`),
    file('main.ts', `await import('./late.ts')`),
    file('model/a.ts', `import type { B } from '../b.ts'`),
    file('b.ts'),
    file('worker.ts'),
    file('late.ts'),
    file('b.test.ts'),
    file('b.test-d.ts'),
  ]
  expect(reachableFiles(files)).toEqual([])
})

test('catches a file that nothing imports, and one that only a test or a dead file imports', () => {
  const files = [
    manifest,
    file('index.ts'),
    file('a.ts', `import { b } from './b.ts'`),
    file('b.ts'),
    file('c.ts'),
    file('c.test.ts', `import { c } from './c.ts'`),
  ]
  expect(reachableFiles(files).map((found) => found.path)).toEqual([
    'packages/core/src/a.ts',
    'packages/core/src/b.ts',
    'packages/core/src/c.ts',
  ])
})
