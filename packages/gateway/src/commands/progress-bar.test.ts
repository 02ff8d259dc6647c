import { describe, expect, test } from 'vitest'
import { progressBar } from './progress-bar.ts'

function terminal(isTTY: boolean): {
  readonly written: string[]
  readonly isTTY: boolean
  readonly columns: number
  write(text: string): void
} {
  const written: string[] = []
  return { written, isTTY, columns: 60, write: (text) => void written.push(text) }
}

describe('progressBar', () => {
  test('draws on a terminal, not too often, and takes itself away', () => {
    const output = terminal(true)
    let now = 0
    const bar = progressBar(output, () => now)
    bar.update(0, 10, 'rows')
    bar.update(1, 10, 'rows')
    now = 200
    bar.update(5, 10, 'rows')
    bar.update(10, 10, 'rows')
    bar.end()
    expect(output.written.map((line) => line.replaceAll('\u001B[2K', '').replaceAll('\r', ''))).toEqual([
      `[${'.'.repeat(24)}]   0% rows`,
      `[${'#'.repeat(12)}${'.'.repeat(12)}]  50% rows`,
      `[${'#'.repeat(24)}] 100% rows`,
      '',
    ])
  })

  test('never wraps, and counts nothing of nothing as done', () => {
    const output = terminal(true)
    progressBar(output, () => 0).update(0, 0, 'x'.repeat(100))
    expect(output.written[0]).toContain('100%')
    expect(output.written[0]?.replaceAll('\u001B[2K', '').replaceAll('\r', '')).toHaveLength(59)
  })

  test('is silent where nobody is looking', () => {
    const output = terminal(false)
    const bar = progressBar(output, () => 0)
    bar.update(1, 1, 'rows')
    bar.end()
    expect(output.written).toEqual([])
  })
})
