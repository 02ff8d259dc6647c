import { expect, test } from 'vitest'
import { registryHosts } from './registry-hosts.ts'

const lines = (text: string): readonly number[] => registryHosts([{ path: 'a.md', text }]).map((found) => found.line)

test.each([
  'https://registry.npmjs.org/x',
  '"resolved": "https://example.com/x.tgz"',
  'https://my-verdaccio.example/',
  'cd /work/main',
  "'/root/.cache'",
  '/home/ada/x',
])('catches %s', (text) => {
  expect(lines(`\n${text}`)).toEqual([2])
})

test.each(['docs/work/x', 'the /workers folder', '~/work/x', 'https://example.com/home', 'GET /roots', '{"registry": true}', './root/x'])(
  'allows %s',
  (text) => {
    expect(lines(text)).toEqual([])
  },
)
