import { expect, test } from 'vitest'
import { dependenciesAreAllowed } from './allowed-dependencies.ts'

const decision = { path: 'docs/decisions/0002-x.md', text: '- `saxes`: reads XML.\n- `pg`: a client.\n' }
const messages = (path: string, manifest: object): readonly string[] =>
  dependenciesAreAllowed([decision, { path, text: JSON.stringify(manifest, null, 2) }]).map((found) => `${found.line}: ${found.message}`)

test('allows what the table and a decision name', () => {
  expect(
    messages('packages/s3-protocol/package.json', { dependencies: { '@stowage/core': '1', '@stowage/http': '1', saxes: '6' } }),
  ).toEqual([])
  expect(messages('packages/core/package.json', { peerDependencies: { pg: '8' }, devDependencies: { anything: '1' } })).toEqual([])
  expect(messages('packages/backend-fs/package.json', { dependencies: { '@stowage/core': '1' } })).toEqual([])
})

test('catches a dependency that is not in the table', () => {
  expect(messages('packages/core/package.json', { dependencies: { express: '5' } })).toEqual([
    '3: depends on express: not in the table of tools/tidy/src/allowed-dependencies.ts',
  ])
  expect(messages('packages/http/package.json', { optionalDependencies: { saxes: '6' } })).toHaveLength(1)
  expect(messages('packages/unheard-of/package.json', { peerDependencies: { saxes: '6' } })).toHaveLength(1)
})

test('catches a dependency that no decision names', () => {
  expect(messages('packages/s3-protocol/package.json', { dependencies: { xmlbuilder2: '4' } })).toEqual([
    '3: depends on xmlbuilder2: no file of docs/decisions/ names `xmlbuilder2`',
  ])
})

test('catches a package of ours in the wrong direction', () => {
  expect(messages('packages/core/package.json', { dependencies: { '@stowage/http': '1' } })).toEqual([
    '3: depends on @stowage/http, which it may not import',
  ])
  expect(messages('packages/s3-protocol/package.json', { dependencies: { stowage: '1' } })).toHaveLength(1)
})
