import { expect, test } from 'vitest'
import { documentedExports } from './documented-exports.ts'

const undocumented = (text: string, path = 'packages/core/src/a.ts'): readonly string[] =>
  documentedExports([{ path, text }]).map((found) => `${found.line}: ${found.message.replace(/ has no.*/, '')}`)

test.each(['function a() {}', 'async function a() {}', 'const a = 1', 'class a {}', 'interface a {}', 'type a = 1', 'abstract class a {}'])(
  'catches an undocumented export %s',
  (declaration) => {
    expect(undocumented(`const b = 1\nexport ${declaration}\n`)).toEqual(['2: a'])
    expect(undocumented(`// What it is.\nexport ${declaration}\n`)).toEqual(['2: a'])
    expect(undocumented(`/* What it is. */\nexport ${declaration}\n`)).toEqual(['2: a'])
    expect(undocumented(`/** What b is. */\nconst b = 1\nexport ${declaration}\n`)).toEqual(['3: a'])
    expect(undocumented(`/** What it is. */\nexport ${declaration}\n`)).toEqual([])
    expect(undocumented(`/** What it is. */\n${declaration}\n`)).toEqual([])
  },
)

test('the first overload speaks for all', () => {
  expect(undocumented('/** A. */\nexport function a(): void\nexport function a(b?: string): void {}\n')).toEqual([])
})

test('lists of names need no comment', () => {
  expect(undocumented(`export { a } from './a.ts'\nexport type { B } from './b.ts'\n`)).toEqual([])
})

test('catches an undocumented option', () => {
  const text = `/** Options. */
export interface AOptions extends BOptions {
  /** Documented. */
  readonly a: string
  readonly b?: { readonly inner: string }
  readonly c:
    | 'x'
    | 'y'
  d(e: string): void
}
/** One line. */
export interface COptions { readonly a: string; readonly b?: string }
/** Not options. */
export interface D { readonly a: string }
`
  expect(undocumented(text)).toEqual(['5: AOptions.b', '6: AOptions.c', '9: AOptions.d', '12: COptions.a', '12: COptions.b'])
})

test('looks at library code only', () => {
  expect(undocumented('export const a = 1', 'packages/core/src/a.test.ts')).toEqual([])
  expect(undocumented('export const a = 1', 'bench/src/a.ts')).toEqual([])
})
