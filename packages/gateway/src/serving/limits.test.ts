import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { completeLimits, formatLimit, LIMITS, limitsHelp } from './limits.ts'

test('docs/limits.md has a row for each limit, as it is', async () => {
  const text = await readFile(new URL('../../../../docs/limits.md', import.meta.url), 'utf8')
  const rows = text.split('\n').flatMap((line) => {
    const [name, value, meaning] = line.split('|').map((cell) => cell.trim()).slice(1) // prettier-ignore
    return name?.startsWith('`') === true ? [[name, value, meaning]] : []
  })
  expect(rows).toEqual(Object.entries(LIMITS).map(([name, row]) => [`\`${name}\``, formatLimit(row), row.meaning]))
})

test('the help has a line for each of them', () => {
  const lines = limitsHelp().trimEnd().split('\n')
  expect(lines.map((line) => line.trim().split(' ')[0])).toEqual(Object.keys(LIMITS))
  expect(lines[1]).toMatch(/^ {2}headSecondsMax +15 seconds {2}from the beginning/)
})

test('what is not given is the default', () => {
  const defaults = Object.fromEntries(Object.entries(LIMITS).map(([name, row]) => [name, row.default]))
  expect(completeLimits({})).toEqual(defaults)
  expect(completeLimits({ headersMax: 11 })).toEqual({ ...defaults, headersMax: 11 })
  for (const { default: value, max, min } of Object.values(LIMITS)) expect(min <= value && value <= max).toBe(true)
})
