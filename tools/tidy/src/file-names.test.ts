import { expect, test } from 'vitest'
import { fileNames } from './file-names.ts'

const caught = (path: string): boolean => fileNames([{ path, text: '' }]).length === 1

test('catches names that are not kebab-case or say nothing', () => {
  expect(caught('packages/core/src/putObject.ts')).toBe(true)
  expect(caught('packages/core/src/put_object.ts')).toBe(true)
  expect(caught('packages/core/src/blob-helpers.ts')).toBe(true)
  expect(caught('bench/src/utils.ts')).toBe(true)
})

test('allows kebab-case, dotted kinds, and documents', () => {
  expect(caught('packages/core/src/put-object.ts')).toBe(false)
  expect(caught('packages/backend-fs/src/backend-fs.conformance.test.ts')).toBe(false)
  expect(caught('packages/core/src/metadata/sql/migrations/0001-initial.ts')).toBe(false)
  expect(caught('docs/README.ts')).toBe(false)
})
