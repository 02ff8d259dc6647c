import { expect, test } from 'vitest'
import { pathsInDocs } from './paths-in-docs.ts'

const others = ['.ci/run', 'package.json', 'packages/core/src/engine/put-object.ts', 'packages/s3-protocol/src/sigv4/key.ts'].map(
  (path) => ({
    path,
    text: '',
  }),
)
const messages = (text: string, path = 'ARCHITECTURE.md'): readonly string[] =>
  pathsInDocs([...others, { path, text }]).map((found) => `${found.line}: ${found.message}`)

test.each([
  'whole: `packages/core/src/engine/put-object.ts`, `.ci/run`, `package.json`',
  'the end: `core/src/engine/put-object.ts`, `put-object.ts`, `sigv4/`, `core/src`',
  'no path: `core`, `application/xml`, `s3://photos/cat.jpg`, `If-Match`, `a.b()`, `@stowage/core`, `npx oxfmt x.ts`, `.ts`',
  'to be chosen: `operations/<name>.ts`, `NNNN-what.ts`, `packages/*/src`',
  '```sh\ncat gone.ts\n```\n`put-object.ts`',
])('allows %s', (text) => {
  expect(messages(text)).toEqual([])
})

test.each([
  ['one\n`gone.ts`', '2: names `gone.ts`, which does not exist'],
  ['`core/src/put-object.ts`', '1: names `core/src/put-object.ts`, which does not exist'],
  ['`object.ts`', '1: names `object.ts`, which does not exist'],
  ['`sigv5/`', '1: names `sigv5/`, which does not exist'],
  ['`packages/gone`', '1: names `packages/gone`, which does not exist'],
  ['`core/lib`', '1: names `core/lib`, which does not exist'],
])('catches %s', (text, expected) => {
  expect(messages(text)).toEqual([expected])
})

test('looks at guides, the glossary and the laws, not at decisions: those speak of their day', () => {
  for (const path of ['CONTRIBUTING.md', 'docs/laws.md', 'docs/how-to/add-a-thing.md']) expect(messages('`gone.ts`', path)).toHaveLength(1)
  for (const path of ['docs/decisions/0001-a.md', 'bench/README.md']) expect(messages('`gone.ts`', path)).toEqual([])
})
