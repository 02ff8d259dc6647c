import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { DEFECTS } from './catalogue.ts'

const ROOT = new URL('../../../../', import.meta.url)

/** Whether a title in a text of tests begins with a list of numbers that this one is in. */
function isNamed(text: string, id: string): boolean {
  const title = new RegExp(`['"\`](?:D\\d\\d, )*${id}(?:, D\\d\\d)*(?: \\([^)]*\\))?: `)
  return text.split('\n').some((line) => title.test(line) && !/^\s*(?:\/\/|\*|\/\*)/.test(line))
}

describe('every defect of the catalogue', () => {
  test('has a number', () => {
    const numbers = Array.from({ length: 60 }, (_, at) => `D${String(at + 1).padStart(2, '0')}`)
    expect(Object.keys(DEFECTS)).toEqual(numbers)
  })

  test.each(Object.entries(DEFECTS))('%s has a test of its name, or a reason why not', async (id, row) => {
    if ('notYet' in row) return expect(row.notYet.length).toBeGreaterThan(20)
    expect(row.length).toBeGreaterThan(0)
    for (const file of row) {
      const text = await readFile(new URL(file, ROOT), 'utf8')
      expect({ file, isNamed: isNamed(text, id) }).toEqual({ file, isNamed: true })
    }
  })
})
