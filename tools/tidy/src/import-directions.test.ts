import { expect, test } from 'vitest'
import { importDirections } from './import-directions.ts'

const violationsOf = (path: string, text: string): readonly string[] => importDirections([{ path, text }]).map((found) => found.message)

test.each([
  ['packages/http/src/a.ts', `import { x } from '@stowage/core'`],
  ['packages/core/src/engine/a.ts', `import { x } from '@stowage/http'`],
  ['packages/core/src/engine/a.ts', `import { x } from 'express'`],
  ['packages/core/src/engine/a.ts', `import { x } from 'fs'`],
  ['packages/backend-fs/src/a.ts', `import type { Engine } from '@stowage/core'`],
  ['packages/backend-fs/src/a.ts', `import { x } from '../../core/src/util/bytes.ts'`],
  ['packages/s3-protocol/src/a.ts', `import { systemPrincipal } from '@stowage/core/system'`],
  ['packages/s3-protocol/src/a.ts', `import type { SystemPrincipal } from '@stowage/core/system'`],
  ['packages/s3-protocol/src/a.ts', `import { rules } from '@stowage/core/policy'`],
  ['packages/s3-protocol/src/a.ts', `import { fsBackend } from '@stowage/backend-fs'`],
  ['packages/conformance/src/a.ts', `import { test } from 'vitest'`],
  ['packages/conformance/src/a.ts', `import { test } from 'node:test'`],
  ['packages/conformance/src/backend/a.ts', `import { openEngine } from '@stowage/core'`],
  ['packages/unheard-of/src/a.ts', `import { x } from '@stowage/core'`],
  ['packages/core/src/model/a.ts', `import { x } from '../engine/session.ts'`],
  ['packages/core/src/errors/a.ts', `import { x } from '../model/etag.ts'`],
  ['packages/core/src/backend/a.ts', `import { x } from '../metadata/records.ts'`],
  ['packages/core/src/metadata/a.ts', `import { x } from '../policy/rules.ts'`],
  ['packages/core/src/engine/a.ts', `import { x } from '../metadata/sql/objects.ts'`],
  ['packages/core/src/index.ts', `export { sqliteMetadata } from './metadata/sqlite/index.ts'`],
  ['packages/core/src/metadata/sqlite/a.ts', `import { x } from '../postgres/postgres-driver.ts'`],
  ['packages/core/src/metadata/sql/a.ts', `import { x } from '../sqlite/sqlite-driver.ts'`],
  ['packages/core/src/policy/a.ts', `import { x } from '../engine/session.ts'`],
  ['packages/core/src/helpers/a.ts', `import { x } from '../engine/session.ts'`],
  ['packages/core/src/engine/a.ts', `import { x } from './b.test.ts'`],
  ['packages/gateway/src/stores/a.ts', `import { x } from '../administration/b.ts'`],
  ['packages/gateway/src/serving/a.ts', `import { x } from '../commands/b.ts'`],
  ['packages/gateway/src/serving/a.ts', `import { x } from '../testing.ts'`],
  ['packages/gateway/src/helpers/a.ts', `import { x } from '../stores/b.ts'`],
])('catches, in %s: %s', (path, text) => {
  expect(violationsOf(path, text)).toHaveLength(1)
})

test.each([
  ['packages/gateway/src/a.ts', `import { s3Handler } from '@stowage/s3-protocol'\nimport { systemPrincipal } from '@stowage/core/system'`],
  ['packages/core/src/metadata/sqlite/a.ts', `import Database from 'better-sqlite3'\nimport { x } from '../sql/objects.ts'`],
  ['packages/core/src/metadata/sql/a.ts', `import { evaluate } from '../../policy/evaluate-predicate.ts'`],
  ['packages/core/src/metadata/a.ts', `import type { Requirement } from '../policy/policy.ts'`],
  ['packages/core/src/engine/a.ts', `import { x } from '../metadata/commands.ts'\nimport { y } from '../checksums/crc32c.ts'`],
  ['packages/core/src/model/a.ts', `import { StorageError } from '../errors/storage-error.ts'`],
  ['packages/backend-fs/src/a.ts', `import { StorageError } from '@stowage/core/backend'\nimport { open } from 'node:fs/promises'`],
  ['packages/s3-protocol/src/a.ts', `import type { Caller } from '@stowage/core/policy'\nimport { StorageError } from '@stowage/core'`],
  ['packages/conformance/src/a.ts', `import assert from 'node:assert/strict'\nimport type { Engine } from '@stowage/core'`],
  ['packages/conformance/src/engine/a.ts', `import { openEngine } from '@stowage/core'`],
  ['packages/gateway/src/commands/a.ts', `import { x } from '../serving/b.ts'\nimport { y } from '../stores/c.ts'`],
  ['packages/gateway/src/testing.ts', `import { x } from './serving/b.ts'`],
  ['packages/core/src/engine/a.test.ts', `import { backendCases } from '@stowage/conformance'`],
])('allows, in %s: %s', (path, text) => {
  expect(violationsOf(path, text)).toEqual([])
})

test('says where', () => {
  const text = `import { a } from './a.ts'\n\nimport { b } from '@stowage/core'\n`
  expect(importDirections([{ path: 'packages/http/src/x.ts', text }])).toEqual([
    { path: 'packages/http/src/x.ts', line: 3, message: 'imports @stowage/core: http may import nothing of ours' },
  ])
})
