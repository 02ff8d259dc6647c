import { parsePolicies } from '@stowage/policy-sql'
import { expect, test } from 'vitest'
import { importText } from './import-policies-command.ts'

const SQL = `CREATE POLICY own ON storage.objects FOR SELECT USING (auth.jwt() -> 'user_metadata' ->> 'a' = name);
CREATE TABLE teams (
  id text);`

test('an import says what was made, what may not be meant, and what was passed over, each with its place', async () => {
  const { warnings, passedOver } = await parsePolicies(SQL)
  const imported = [
    { table: 'objects', name: 'own', outcome: 'made' },
    { table: 'buckets', name: 'old', outcome: 'removed' },
  ] as const
  const text = importText({ imported, warnings, passedOver }, { name: 'p.sql', dryRun: true })
  const lines = text.split('\n')
  expect(lines.slice(0, 2)).toEqual(['made        objects   own', 'removed     buckets   old'])
  expect(lines[2]).toMatch(/^p\.sql:1:\d+: warning, in 'own': \S/)
  expect(lines[3]).toMatch(/^p\.sql:2:1: passed over, .+: CREATE TABLE teams \( id text\)$/)
  expect(lines.slice(4)).toEqual(['Nothing was changed: this was a dry run.', ''])
})

test('a text without policies is said to have none', () => {
  const nothing = { imported: [], warnings: [], passedOver: [] }
  expect(importText(nothing, { name: 'p.sql', dryRun: false })).toBe(
    'There are no policies of storage.objects or storage.buckets in p.sql.\n',
  )
})
