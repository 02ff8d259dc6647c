import { expect, test } from 'vitest'
import { lawsEnforced } from './laws-enforced.ts'

const root = { path: 'package.json', text: '{ "scripts": { "tidy": "x" } }' }
const other = { path: 'tools/tidy/src/sizes.ts', text: '' }
const messages = (text: string): readonly string[] =>
  lawsEnforced([root, other, { path: 'docs/laws.md', text }]).map((found) => `${found.line}: ${found.message}`)

test('allows laws that name what there is', () => {
  expect(messages('# Laws\n\n## 1. One.\n\nText.\n\n_Enforced by:_ `tools/tidy/src/sizes.ts`,\n`npm run tidy`, `tools/tidy`.\n')).toEqual(
    [],
  )
})

test('catches a law without enforcement', () => {
  expect(messages('## 1. One.\n\n*Enforced by:* `tools/tidy`.\n\n## 2. Two.\n\nText.\n')).toEqual([
    '5: law "2. Two." names no "*Enforced by:*"',
  ])
  expect(messages('## 1. One.\n\n*Enforced by:* review.\n')).toEqual([
    '1: law "1. One." names no file and no command that enforces it, in backticks',
  ])
})

test('catches an enforcement that does not exist', () => {
  expect(messages('## 1. One.\n\n*Enforced by:* `tools/none.ts`.\n')).toEqual([
    '1: law "1. One." is enforced by `tools/none.ts`, which does not exist',
  ])
  expect(messages('## 1. One.\n\n*Enforced by:* `npm run none`.\n')).toHaveLength(1)
})

test('catches a missing or empty document', () => {
  expect(lawsEnforced([root])).toHaveLength(1)
  expect(messages('# Laws\n')).toHaveLength(1)
})
