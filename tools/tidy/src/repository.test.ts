import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { formatViolation, ignoredNames, readRepository } from './repository.ts'

test('reads text files, sorted, without what git ignores and without binary files', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tidy-'))
  try {
    mkdirSync(join(directory, 'src'))
    mkdirSync(join(directory, 'dist'))
    writeFileSync(join(directory, '.gitignore'), '# made by tools\ndist/\n*.tgz\n')
    writeFileSync(join(directory, 'src', 'b.ts'), 'b')
    writeFileSync(join(directory, 'src', 'a.bin'), Buffer.from([1, 0, 2]))
    writeFileSync(join(directory, 'dist', 'c.js'), 'c')
    writeFileSync(join(directory, 'x.tgz'), 'd')
    expect(readRepository(directory).map((file) => file.path)).toEqual(['.gitignore', 'src/b.ts'])
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('refuses a line of .gitignore that it does not understand', () => {
  expect(() => ignoredNames('a/**/b')).toThrow('does not understand "a/**/b"')
})

test('prints a violation as a link', () => {
  expect(formatViolation({ path: 'a/b.ts', line: 3, message: 'says what' })).toBe('a/b.ts:3 says what')
})
