import { expect, test } from 'vitest'
import { bannedCalls, BANS } from './banned-calls.ts'

const violationsOf = (path: string, text: string): readonly string[] =>
  bannedCalls([{ path, text }]).map((found) => `${found.line}: ${found.message}`)
const LIBRARY = 'packages/core/src/engine/a.ts'

test.each([
  [LIBRARY, 'const a = process.env'],
  [LIBRARY, 'const a = process.argv[2]'],
  [LIBRARY, 'const a = process.cwd()'],
  ['packages/gateway/src/serve.ts', 'const a = process.env'],
  [LIBRARY, 'console.log(a)'],
  [LIBRARY, 'const a = Date.now()'],
  [LIBRARY, 'const a = new Date()'],
  [LIBRARY, 'const a = clock ?? Date.now'],
  [LIBRARY, 'const a = Math.random()'],
  [LIBRARY, `import { randomUUID } from 'node:crypto'`],
  [LIBRARY, 'const a = crypto.getRandomValues(b)'],
  ['packages/core/src/a.test.ts', `vi.mock('./b.ts')`],
  ['bench/src/a.ts', 'if (backend instanceof FsBackend) a()'],
  ['packages/core/src/a.test.ts', 'const a = b as any'],
  [LIBRARY, 'const a = JSON.parse(b)'],
  ['packages/s3-protocol/src/a.ts', 'const a = new URL(b)'],
  ['packages/http/src/a.ts', 'const a = new URL(b)'],
  ['packages/core/src/a.test.ts', `test.skip('a', () => {})`],
  ['packages/core/src/a.test.ts', `describe.only('a', () => {})`],
  ['packages/core/src/a.test.ts', `it.todo('a')`],
  ['packages/core/src/a.test.ts', `test.skipIf(b)('a', () => {})`],
  ['packages/core/src/a.test.ts', `test('a', (context) => { context.skip() })`],
])('catches, in %s: %s', (path, text) => {
  expect(violationsOf(path, `\n${text}\n`)).toEqual([expect.stringMatching(/^2: /)])
})

test.each([
  [LIBRARY, '// not process.env, not Date.now()'],
  [LIBRARY, `throw new Error('console.log, new Date(), Math.random()')`],
  [LIBRARY, 'const a = new Date(clock())\nfunction b(c: Date): Date {}'],
  ['packages/core/src/a.test.ts', 'const a = new Date()\nconsole.log(process.env, JSON.parse(b))'],
  ['packages/gateway/src/main.ts', 'export const a = process.env'],
  ['packages/gateway/src/main.ts', 'main(process.argv)'],
  ['packages/core/src/util/clock.ts', 'export const a = () => new Date()'],
  ['packages/core/src/util/ids.ts', `import { randomBytes } from 'node:crypto'`],
  ['packages/core/src/metadata/sqlite/a.ts', `const a = new URL('./worker.ts', import.meta.url)`],
  ['packages/core/src/a.test.ts', 'const a = list.skip(1)'],
])('allows, in %s: %s', (path, text) => {
  expect(violationsOf(path, text)).toEqual([])
})

test('reports an exception that nobody needs any more', () => {
  expect(violationsOf('packages/core/src/util/ids.ts', 'export {}')).toEqual([expect.stringContaining('no longer needs its exception')])
})

test('every exception has a reason', () => {
  for (const reason of BANS.flatMap((ban) => Object.values(ban.except))) expect(reason.length).toBeGreaterThan(10)
})
