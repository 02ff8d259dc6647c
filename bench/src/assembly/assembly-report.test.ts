import { describe, expect, test } from 'vitest'
import { toAssemblyMarkdown } from './assembly-report.ts'
import type { AssemblyReport } from './assembly-report.ts'
import { AssemblyResults, sampleOf } from './assembly-results.ts'
import { judgeAssembly } from './assembly-targets.ts'
import type { CellResult, UpstreamKind, WayName } from './cell.ts'
import { isMeasured, SIZES } from './sizes.ts'
import type { SizeId } from './sizes.ts'

const SEEN: CellResult = {
  partsSeconds: 1,
  completeSeconds: 0.01,
  joinSeconds: null,
  getSeconds: 1,
  firstByteSeconds: 0.01,
  uploadRssMib: 100,
  getRssMib: 100,
  requests: { parts: 128, complete: 0, get: 128, join: 0 },
}

interface Added extends Partial<CellResult> {
  readonly size: SizeId
  readonly way: WayName
  readonly upstream?: UpstreamKind
}

function resultsOf(...cells: readonly Added[]): AssemblyResults {
  const results = new AssemblyResults()
  for (const { size, way, upstream = 's3', ...seen } of cells) results.add({ size, upstream, way }, sampleOf({ ...SEEN, ...seen }, 1e9, 1))
  return results
}

const words = (results: AssemblyResults): unknown => judgeAssembly(results, SIZES).map(({ measured, met }) => [measured, met])

describe('judgeAssembly', () => {
  test('what is within the targets has met them', () => {
    const results = resultsOf(
      { size: '1g', way: 'direct', partsSeconds: 0.9, completeSeconds: 0.01 },
      { size: '1g', way: 'stowage', partsSeconds: 0.9, completeSeconds: 0.0128 },
      { size: '64m', way: 'stowage' },
      { size: '10000', way: 'stowage', completeSeconds: 0.5, uploadRssMib: 120 },
    )
    const [share, perPart, ...others] = judgeAssembly(results, SIZES)
    expect(share).toMatchObject({ met: true })
    expect(share?.measured).toBeCloseTo(0.91 / 0.9128)
    expect(perPart).toMatchObject({ met: true })
    expect(perPart?.measured).toBeCloseTo(0.5)
    expect(others.map(({ measured, met }) => [measured, met])).toEqual([
      [0, true],
      [1, true],
      [1.2, true],
    ])
  })

  test('what is slower, grows faster than its parts, asks upstream or grows in memory is behind', () => {
    const results = resultsOf(
      { size: '1g', way: 'direct', partsSeconds: 0.49 },
      { size: '1g', way: 'stowage', partsSeconds: 0.99, uploadRssMib: 200 },
      { size: '64m', way: 'stowage' },
      { size: '10000', way: 'stowage', completeSeconds: 2, uploadRssMib: 200, requests: { ...SEEN.requests, complete: 1 } },
    )
    expect(words(results)).toEqual([
      [0.5, false],
      [2.56, false],
      [1, false],
      [2, false],
      [2, false],
    ])
  })

  test('what was not measured is neither', () => {
    expect(words(resultsOf({ size: '1g', way: 'direct' }))).toEqual(Array.from({ length: 5 }, () => [null, null]))
  })
})

function pageOf(results: AssemblyResults, more: Partial<AssemblyReport> = {}): string {
  return toAssemblyMarkdown({
    date: '2026-01-02',
    commit: 'abc1234',
    changed: false,
    machine: { cores: 2, processor: 'p', memoryGib: 8, kernel: 'k', fileSystem: 'ext4', node: 'v24', loadBefore: 0.5 },
    loadAfter: 3,
    quick: false,
    megabitsPerSecond: null,
    sizes: SIZES,
    upstreams: [{ kind: 's3', server: 'minio v1' }],
    results,
    verdicts: judgeAssembly(results, SIZES),
    straight: null,
    missing: [],
    ...more,
  })
}

describe('the report', () => {
  test('names the server, prints ratios to direct, and puts what is behind in bold', () => {
    const page = pageOf(resultsOf({ size: '1g', way: 'direct', partsSeconds: 0.49 }, { size: '1g', way: 'stowage', partsSeconds: 0.99 }))
    expect(page).toContain('s3 on minio v1')
    expect(page).not.toContain('Mbit/s')
    expect(pageOf(resultsOf(), { megabitsPerSecond: 1000 })).toContain('shares 1,000 Mbit/s each way, at most 125 MB/s')
    expect(page).toContain('| s3 | upload of 1 GiB, Complete included, share of direct | ≥ 0.9 | **0.50** | **behind** |')
    expect(page).toContain('| 128, 0, 128 | 0.50×, 1.00× |')
    expect(page).toContain('| not measured |')
  })

  test('joins stand beside the same object before, and one that was not joined says so', () => {
    const joined = { joinSeconds: 2, getSeconds: 0.5, requests: { ...SEEN.requests, join: 130 } }
    const page = pageOf(
      resultsOf(
        { size: '1g', way: 'stowage' },
        { size: '1g', way: 'stowage, joined', ...joined },
        { size: '10000', way: 'stowage' },
        { size: '10000', way: 'stowage, joined' },
      ),
    )
    expect(page).toContain('| minio v1 | 1 GiB, 128 parts of 8 MiB | 2.00 | 130 | 1,000 | 2,000 | 10.0 | 10.0 |')
    expect(page).toContain('| not joined: its parts are below what the service joins | 0 |')
  })

  test('says what parts cost that go straight upstream, what is missing and why, and that a quick look judges nothing', () => {
    const straight = {
      objectBytes: 100,
      resentBytes: 200,
      completedBytes: 100,
      abandonedBytes: 100,
      abandonedListed: 0,
      oddSize: 'EntityTooSmall',
    }
    const missing = [{ upstream: 'gcs', size: null, way: null, reason: 'not installed' }] as const
    const page = pageOf(resultsOf(), { straight, missing, quick: true, verdicts: [], upstreams: [{ kind: 'gcs', server: null }] })
    expect(page).toContain('before Complete | 2.00× the object |')
    expect(page).toContain('| EntityTooSmall |')
    expect(page).toContain('- gcs: not installed')
    expect(page).toContain('gcs absent')
    expect(page).toContain('no verdicts')
    expect(page).not.toContain('## Targets')
  })
})

test('what is not judged is measured in one round, and what is not joined or takes the emulator too long in none', () => {
  const [small, large] = [
    { parts: 8, partSize: 32 * 1024 },
    { parts: 128, partSize: 8 * 1024 ** 2 },
  ]
  expect(isMeasured({ upstream: 'fs', way: 'stowage', round: 3, size: large })).toBe(true)
  expect(isMeasured({ upstream: 's3', way: 'concatenate', round: 1, size: large })).toBe(true)
  expect(isMeasured({ upstream: 's3', way: 'concatenate', round: 2, size: large })).toBe(false)
  expect(isMeasured({ upstream: 'gcs', way: 're-upload', round: 1, size: large })).toBe(false)
  expect(isMeasured({ upstream: 's3', way: 'stowage, joined', round: 1, size: large })).toBe(true)
  expect(isMeasured({ upstream: 's3', way: 'stowage, joined', round: 1, size: small })).toBe(false)
  expect(isMeasured({ upstream: 'gcs', way: 'stowage, joined', round: 1, size: small })).toBe(true)
  expect(isMeasured({ upstream: 'fs', way: 'stowage, joined', round: 1, size: large })).toBe(false)
})
