import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CHECK_NAMES } from './check-names.ts'
import type { CheckName } from './check-names.ts'
import { CLIENTS } from './clients.ts'
import type { ClientFindings, Verdict } from './findings.ts'
import { tableOf, withTable } from './table.ts'

const PASSING = Object.fromEntries(CHECK_NAMES.map((name) => [name, 'passes'])) as Record<CheckName, Verdict>

const client = (title: string, verdicts: ClientFindings['verdicts'], setting: string | null = null): ClientFindings => ({
  name: title,
  title,
  version: '1.2',
  setting,
  verdicts,
})
const rowOf = (table: string, check: string): readonly string[] => {
  const line = table.split('\n').find((text) => text.startsWith(`| ${check} `))
  return (line ?? '').split('|').map((text) => text.trim())
}

test('one sign where HTTP and HTTPS agree, and one each where they do not or one was not run', () => {
  const both = client('both', { http: PASSING, https: { ...PASSING, copy: 'fails' } })
  const one = client('one', { https: PASSING })
  const table = tableOf([both, one])
  expect(rowOf(table, 'put')).toEqual(['', 'put', '✓', 'HTTPS ✓', ''])
  expect(rowOf(table, 'copy')).toEqual(['', 'copy', 'HTTP ✓, HTTPS ✗', 'HTTPS ✓', ''])
})

test('limits are numbered, each once, and named below with their client', () => {
  const limited = { ...PASSING, 'key with `..`': 'limit: knows no `..`' } as const
  const table = tableOf([client('A', { http: limited, https: limited }), client('B', { http: limited, https: limited })])
  expect(rowOf(table, 'key with `..`')).toEqual(['', 'key with `..`', 'limit 1', 'limit 2', ''])
  expect(table.split('\n').slice(-2)).toEqual(['1. A knows no `..`.', '2. B knows no `..`.'])
})

test('settings are named below, and no section is there for nothing', () => {
  const table = tableOf([client('A', { http: PASSING }, 'wants `x`'), client('B', { http: PASSING })])
  expect(table.split('\n').slice(CHECK_NAMES.length + 2)).toEqual(['', 'Settings that they need:', '', '- A wants `x`.'])
})

test('the table goes between the markers, and nothing else is touched', () => {
  const readme = withTable(README, 'the table')
  expect(readme).toContain('-->\n\nthe table\n\n<!-- clients:end -->')
  expect(withTable(readme, tableOf(FINDINGS))).toBe(README)
  expect(() => withTable('no markers', 'the table')).toThrow('README.md has no')
})

const README = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')
const FINDINGS = JSON.parse(readFileSync(new URL('../findings.json', import.meta.url), 'utf8')) as readonly ClientFindings[]

test('the README shows what was found, of every client, over HTTP and HTTPS', () => {
  expect(withTable(README, tableOf(FINDINGS))).toBe(README)
  expect(FINDINGS.map(({ name }) => name)).toEqual(CLIENTS.map(({ name }) => name))
  for (const { verdicts } of FINDINGS) {
    expect(Object.keys(verdicts.http ?? {})).toEqual(CHECK_NAMES)
    expect(Object.keys(verdicts.https ?? {})).toEqual(CHECK_NAMES)
  }
})
