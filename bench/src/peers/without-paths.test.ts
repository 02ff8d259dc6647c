import { expect, test } from 'vitest'
import { withoutPaths } from './without-paths.ts'

test('of paths the last name stays, of addresses only those of this machine itself', () => {
  expect(withoutPaths('open /var/lib/x/data/format.json: no such file\nand more')).toBe('open …/format.json: no such file')
  expect(withoutPaths('see https://proxy.example.org/a/b for it, or http://127.0.0.1:9000')).toBe('see … for it, or http://127.0.0.1:9000')
  expect(withoutPaths('get: 500 instead of 200')).toBe('get: 500 instead of 200')
})
