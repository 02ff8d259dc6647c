import { expect, test } from 'vitest'
import { listedExports } from './listed-exports.ts'

const lines = (text: string): readonly number[] => listedExports([{ path: 'packages/core/src/index.ts', text }]).map((found) => found.line)

test('catches export * in every form', () => {
  expect(lines(`\nexport * from './a.ts'\nexport * as b from './b.ts'\nexport type * from './c.ts'\n`)).toEqual([2, 3, 4])
})

test('allows lists and generators', () => {
  expect(
    lines(`export { a } from './a.ts'\nexport type { B } from './b.ts'\nexport function* c() {}\n// export * from './d.ts'\n`),
  ).toEqual([])
})
