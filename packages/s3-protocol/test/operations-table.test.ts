import { readFile, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { OPERATIONS } from '../src/operations/index.ts'
import { operationsTable } from './operations-table.ts'

const README = new URL('../../../README.md', import.meta.url)
const BEGIN = '<!-- operations:begin: written by `STOWAGE_WRITE_TABLES=1 npx vitest run --project s3-protocol operations-table` -->\n\n'
const END = '\n<!-- operations:end -->'

/** A table as its reader sees it: how wide the formatter makes its columns is no difference. */
const cells = (text: string): string =>
  text
    .replaceAll(/ *\| */g, '|')
    .replaceAll(/-{3,}/g, '---')
    .trim()

test('the table of operations in the README is what the routing table and the tests say', async () => {
  const readme = await readFile(README, 'utf8')
  const [from, to] = [readme.indexOf(BEGIN) + BEGIN.length, readme.indexOf(END)]
  expect(from).toBeGreaterThan(BEGIN.length)
  const table = await operationsTable()
  if (process.env['STOWAGE_WRITE_TABLES'] === '1') await writeFile(README, `${readme.slice(0, from)}${table}${readme.slice(to)}`)
  else expect(cells(readme.slice(from, to))).toBe(cells(table))
})

test('and every operation has a test', async () => {
  const table = await operationsTable()
  const untested = OPERATIONS.filter(({ name }) => new RegExp(`^\\| ${name} \\|[^|]*\\|\\s*\\|$`, 'm').test(table))
  expect(untested.map(({ name }) => name)).toEqual([])
})
