import { BLOB_KEY_LENGTH_MAX, parseBlobKey } from '@stowage/core/backend'
import { describe, expect, test } from 'vitest'
import { blobPath, readEntry } from './paths.ts'

describe('D47: blobPath', () => {
  test('is what the documentation says', () => {
    expect(blobPath(parseBlobKey('x7k2'))).toEqual({ directory: 'x', file: 'x/x7k2' })
    expect(blobPath(parseBlobKey('tenant/x7k2'))).toEqual({ directory: 't/tenant.d/x', file: 't/tenant.d/x/x7k2' })
    expect(blobPath(parseBlobKey('a/b/c')).file).toBe('a/a.d/b/b.d/c/c')
  })

  test('fits into what file systems allow, at its longest and at its deepest', () => {
    const longest = blobPath(parseBlobKey('k'.repeat(BLOB_KEY_LENGTH_MAX)))
    const deepest = blobPath(parseBlobKey(`${'s/'.repeat(BLOB_KEY_LENGTH_MAX / 2 - 1)}xy`))
    for (const { file } of [longest, deepest]) {
      expect(file.length).toBeLessThanOrEqual(700)
      for (const name of file.split('/')) expect(name.length).toBeLessThanOrEqual(255)
    }
  })
})

describe('readEntry', () => {
  test('reads back what blobPath wrote', () => {
    expect(readEntry('', 'x', 'x7k2')).toEqual({ kind: 'blob', key: 'x7k2' })
    expect(readEntry('tenant/', 'x', 'x7k2')).toEqual({ kind: 'blob', key: 'tenant/x7k2' })
    expect(readEntry('', 't', 'tenant.d')).toEqual({ kind: 'namespace', keyPrefix: 'tenant/', name: 'tenant.d' })
  })

  test.each(['.d', '.hidden', 'X7K2', 'x.txt', 'x.d.d', 'lost+found', 'x y', 'other', 'x'.repeat(201)])('%s is nobody of ours', (name) => {
    expect(readEntry('', 'x', name)).toBeNull()
  })
})
