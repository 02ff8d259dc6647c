import { expect, test } from 'vitest'
import { collectPage } from './key-page.ts'
import type { Seek } from './key-range.ts'
import type { KeySource, ScannedRow, StretchBounds } from './key-source.ts'

test('folders between files, behind many files, are not read through', () => {
  const numbered = (count: number, name: (number: string) => string): string[] =>
    Array.from({ length: count }, (_, at) => name(String(at).padStart(4, '0')))
  const files = numbered(700, (number) => `a${number}`)
  const mixed = numbered(100, (number) => `b${number}`).flatMap((name) => [
    name,
    ...numbered(2_000, (number) => `${name}-folder/${number}`),
  ])
  const { source, read } = sourceOf([...files, ...mixed])
  const program = collectPage(source, { prefix: '', delimiter: '/', position: null, limit: 1_000, rowsScannedMax: 100_000 })
  const { value, done } = program.next()
  expect(done && [value.rows.length, value.commonPrefixes.length, value.next]).toEqual([800, 100, null])
  expect(read()).toBeLessThan(6_000)
})

/** Keys in order, as a table would be read; says how many rows left it. */
function sourceOf(keys: readonly string[]): { readonly source: KeySource; readonly read: () => number } {
  let read = 0
  const from = ({ kind, key }: Seek): number => {
    const at = keys.findIndex((other) => (kind === 'at' ? other >= key : other > key))
    return at < 0 ? keys.length : at
  }
  const folderOf = (key: string): string | null => (key.includes('/') ? key.slice(0, key.indexOf('/')) : null)
  const source: KeySource = {
    // oxlint-disable-next-line require-yield -- nothing is asked of a database
    *fetch(seek: Seek, { stretch }: StretchBounds) {
      const rows = keys.slice(from(seek), from(seek) + stretch).map((key): ScannedRow => ({ key, tie: 0, visible: true, row: [] }))
      read += rows.length
      const last = rows.at(-1)
      return {
        rows,
        end: last === undefined || rows.length < stretch ? null : { kind: 'behind', key: last.key },
        size: rows.length,
        countTo: null,
      }
    },
    // oxlint-disable-next-line require-yield -- nothing is asked of a database
    *folders(seek: Seek, limit: number) {
      const found: string[] = []
      for (let at = from(seek); at < keys.length && found.length < limit;) {
        const key = keys[at] ?? ''
        const folder = folderOf(key)
        found.push(key)
        if (folder === null) break
        at = from({ kind: 'at', key: `${folder}0` })
      }
      read += found.length
      return found
    },
  }
  return { source, read: () => read }
}
