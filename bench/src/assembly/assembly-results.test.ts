import { expect, test } from 'vitest'
import { AssemblyResults, middleOf, sampleOf, timesOf } from './assembly-results.ts'
import type { CellResult } from './cell.ts'
import { partLengths } from './cell.ts'

const SEEN: CellResult = {
  partsSeconds: 4,
  completeSeconds: 1,
  joinSeconds: null,
  getSeconds: 2,
  firstByteSeconds: 0.005,
  uploadRssMib: 100,
  getRssMib: 90,
  requests: { parts: 3, complete: 0, get: 3, join: 0 },
}

test('an object is cut into parts, the last of which may be smaller', () => {
  expect(partLengths(10, 4)).toEqual([4, 4, 2])
  expect(partLengths(8, 4)).toEqual([4, 4])
})

test('bytes and seconds become rates, of parts, of Complete, and of both together', () => {
  expect(sampleOf(SEEN, 100e6, 2)).toEqual({
    round: 2,
    partsMegabytesPerSecond: 25,
    completeMs: 1000,
    assemblyMegabytesPerSecond: 100,
    uploadMegabytesPerSecond: 20,
    getMegabytesPerSecond: 50,
    firstByteMs: 5,
    uploadRssMib: 100,
    getRssMib: 90,
    joinSeconds: null,
    requests: SEEN.requests,
  })
})

test('ratios are taken of the rounds in which both were measured, and the middle of them', () => {
  const results = new AssemblyResults()
  for (const [round, seconds] of [1, 2, 4].entries())
    results.add({ size: '1g', upstream: 's3', way: 'direct' }, sampleOf({ ...SEEN, getSeconds: seconds }, 100e6, round))
  for (const [round, seconds] of [2, 2].entries())
    results.add({ size: '1g', upstream: 's3', way: 'stowage' }, sampleOf({ ...SEEN, getSeconds: seconds }, 100e6, round))
  const [direct, stowage] = [results.lane('1g', 's3', 'direct'), results.lane('1g', 's3', 'stowage')]
  expect(middleOf(direct, 'getMegabytesPerSecond')).toBe(50)
  expect(timesOf(stowage, direct, 'getMegabytesPerSecond')).toBe(0.75)
  expect(timesOf(stowage, results.lane('1g', 'gcs', 'direct'), 'getMegabytesPerSecond')).toBe(null)
  expect(middleOf(null, 'completeMs')).toBe(null)
})
