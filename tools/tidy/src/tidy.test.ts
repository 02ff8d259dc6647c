import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { CHECKS } from './checks.ts'
import { formatViolation, readRepository } from './repository.ts'

const files = readRepository(fileURLToPath(new URL('../../../', import.meta.url)))
const paths = new Set(files.map((file) => file.path))

test('the repository is read', () => {
  expect(paths).toContain('package.json')
  expect(paths).toContain('packages/core/src/errors/storage-error.ts')
  expect([...paths].filter((path) => path.includes('node_modules'))).toEqual([])
})

test.each(Object.entries(CHECKS))('%s', (_name, check) => {
  expect(check(files).map(formatViolation)).toEqual([])
})

test.each(Object.keys(CHECKS))('%s is proved by a test of its own', (name) => {
  expect(paths).toContain(`tools/tidy/src/${name}.ts`)
  expect(paths).toContain(`tools/tidy/src/${name}.test.ts`)
})
