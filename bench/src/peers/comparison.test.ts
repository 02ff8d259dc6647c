import { expect, test } from 'vitest'
import { Results } from '../report/results.ts'
import { compare } from './comparison.ts'
import type { PeerResults } from './comparison.ts'

const judged = { durable: new Set(['minio'] as const), quick: false }

function put(stowage: readonly number[], minio: readonly number[]): PeerResults {
  const results: PeerResults = new Results()
  for (const opsPerSecond of stowage) results.add('put-4k', 'stowage', { opsPerSecond })
  for (const opsPerSecond of minio) results.add('put-4k', 'minio', { opsPerSecond })
  return results
}

test('takes ratios round by round, and the middle of them', () => {
  const [comparison] = compare(put([10, 40, 100], [1, 10, 20]), ['minio'], judged)
  expect(comparison).toMatchObject({ row: 'put-4k', peer: 'minio', times: 5, needed: 4, verdict: 'ahead' })
})

test('asks four times the small PUTs of a durable peer, and once those of another', () => {
  const results = put([30], [10])
  results.add('put-4k', 'rclone', { opsPerSecond: 20 })
  expect(compare(results, ['minio', 'rclone'], judged).map(({ times, verdict }) => [times, verdict])).toEqual([
    [3, 'behind'],
    [1.5, 'ahead'],
  ])
})

test('of milliseconds fewer are better', () => {
  const results: PeerResults = new Results()
  results.add('list', 'stowage', { p50Ms: 4 })
  results.add('list', 's3rver', { p50Ms: 2 })
  expect(compare(results, ['s3rver'], judged)).toMatchObject([{ times: 0.5, verdict: 'behind' }])
})

test('HEAD may leave rclone ahead, and nobody else', () => {
  const results: PeerResults = new Results()
  for (const [server, opsPerSecond] of [
    ['stowage', 10],
    ['rclone', 20],
    ['minio', 20],
  ] as const)
    results.add('head-4k', server, { opsPerSecond })
  expect(compare(results, ['rclone', 'minio'], judged).map(({ verdict }) => verdict)).toEqual(['behind, as it may be', 'behind'])
})

test('judges neither syncs and memory nor a quick look, and says what was not measured', () => {
  const results = put([10], [])
  results.add('syncs', 'stowage', { syncsPerPut: 1 })
  results.add('syncs', 'minio', { syncsPerPut: 0 })
  results.add('memory-small', 'stowage', { peakRssMib: 150 })
  results.add('memory-small', 'minio', { peakRssMib: 300 })
  expect(compare(results, ['minio'], judged).map(({ row, times, verdict }) => [row, times, verdict])).toEqual([
    ['put-4k', null, 'not measured'],
    ['syncs', null, 'not measured'],
    ['memory-small', 2, 'not judged'],
  ])
  expect(compare(put([10], [20]), ['minio'], { ...judged, quick: true })).toMatchObject([{ verdict: 'not judged' }])
})
