import { expect, test } from 'vitest'
import { registeredOperations } from './registered-operations.ts'

const file = (path: string, text = ''): { readonly path: string; readonly text: string } => ({
  path: `packages/s3-protocol/src/operations/${path}`,
  text,
})

test('catches an operation that the table does not name', () => {
  const files = [
    file('index.ts', `import { getObject } from './get-object.ts'\nimport type { X } from './put-object.ts'`),
    file('get-object.ts'),
    file('put-object.ts'),
  ]
  expect(registeredOperations(files).map((found) => found.path)).toEqual(['packages/s3-protocol/src/operations/put-object.ts'])
})

test('does not take fields, tests and the list of unsupported operations for operations', () => {
  const files = [file('index.ts'), file('unsupported.ts'), file('fields/conditions.ts'), file('get-object.test.ts')]
  expect(registeredOperations(files)).toEqual([])
})

test('catches operations without a table', () => {
  expect(registeredOperations([file('get-object.ts')])).toHaveLength(1)
})
