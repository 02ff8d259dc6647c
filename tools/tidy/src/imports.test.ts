import { expect, test } from 'vitest'
import { importsOf, isTest, packageOf, resolveRelative } from './imports.ts'

const text = `
import { a, type B } from './a.ts'
import type { C } from 'c'
import {
  type D,
  type E,
} from "d"
import 'side-effect'
export { f } from './f.ts'
export type { G } from './g.ts'
const h = await import('./h.ts')
const worker = new URL('./worker.ts', import.meta.url)
const planted = "import { x } from 'x'"
// import { y } from 'y'
`

test('finds every form of import, and none in strings or comments', () => {
  expect(importsOf({ path: 'p.ts', text })).toEqual([
    { specifier: './a.ts', typeOnly: false, line: 2 },
    { specifier: 'c', typeOnly: true, line: 3 },
    { specifier: 'd', typeOnly: true, line: 4 },
    { specifier: 'side-effect', typeOnly: false, line: 8 },
    { specifier: './f.ts', typeOnly: false, line: 9 },
    { specifier: './g.ts', typeOnly: true, line: 10 },
    { specifier: './h.ts', typeOnly: false, line: 11 },
    { specifier: './worker.ts', typeOnly: false, line: 12 },
  ])
})

test('resolves relative specifiers', () => {
  expect(resolveRelative('packages/core/src/engine/put.ts', '../errors/x.ts')).toBe('packages/core/src/errors/x.ts')
  expect(resolveRelative('a/b.ts', './c.ts')).toBe('a/c.ts')
})

test('knows tests from library code', () => {
  expect(isTest('packages/core/src/a.test.ts')).toBe(true)
  expect(isTest('packages/core/src/a.test-d.ts')).toBe(true)
  expect(isTest('packages/core/test/matrix.ts')).toBe(true)
  expect(packageOf('packages/core/src/a.ts')).toBe('core')
  expect(packageOf('packages/core/src/a.test.ts')).toBe(null)
  expect(packageOf('bench/src/a.ts')).toBe(null)
})
