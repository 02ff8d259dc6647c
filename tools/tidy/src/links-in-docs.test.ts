import { expect, test } from 'vitest'
import { linksInDocs } from './links-in-docs.ts'

const others = [
  { path: 'docs/laws.md', text: '# Laws\n\n## 3. No data, no `caller`\n' },
  { path: 'packages/core/src/index.ts', text: '' },
]
const messages = (text: string): readonly string[] =>
  linksInDocs([...others, { path: 'docs/how-to/a.md', text }]).map((found) => `${found.line}: ${found.message}`)

test.each([
  '[laws](../laws.md)',
  '[law 3](../laws.md#3-no-data-no-caller)',
  '[core](../../packages/core/src/index.ts) and [folder](../../packages/core/)',
  '[outside](https://example.com/x) [mail](mailto:a@b.c)',
  '# Here\n[below](#here)',
  '`[code](nowhere.md)`',
  '```md\n[example](nowhere.md)\n```',
])('allows %s', (text) => {
  expect(messages(text)).toEqual([])
})

test.each([
  ['\n[gone](gone.md)', '2: links to gone.md, which does not exist'],
  ['[gone](../laws.md#4-gone)', '1: links to ../laws.md#4-gone, which has no such heading'],
  ['![picture](../picture.svg "title")', '1: links to ../picture.svg, which does not exist'],
  ['[absolute](/docs/laws.md)', '1: links to /docs/laws.md: links are relative'],
  ['```\n```\n[gone](#gone)', '3: links to #gone, which has no such heading'],
])('catches %s', (text, expected) => {
  expect(messages(text)).toEqual([expected])
})
