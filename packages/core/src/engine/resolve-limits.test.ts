import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from './limits.ts'
import type { Limits } from './limits.ts'
import { resolveLimits } from './resolve-limits.ts'

describe('resolveLimits', () => {
  test('puts what is given over the defaults', () => {
    expect(resolveLimits({})).toEqual(DEFAULT_LIMITS)
    expect(resolveLimits({ inlineSizeMax: 0, garbageGraceSeconds: 0.5 })).toEqual({
      ...DEFAULT_LIMITS,
      inlineSizeMax: 0,
      garbageGraceSeconds: 0.5,
    })
  })

  const refused: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ['inlineSizeMex', { inlineSizeMex: 1 }],
    // A count of attempts that is never reached exactly would be no limit.
    ['commitRetriesMax', { commitRetriesMax: 2.5 }],
    ['commitRetriesMax', { commitRetriesMax: Infinity }],
    ['keyBytesMax', { keyBytesMax: 2_001 }],
    ['callerIdBytesMax', { callerIdBytesMax: 501 }],
    ['rowsScannedMax', { rowsScannedMax: 0 }],
    ['listLimitMax', { listLimitMax: 0 }],
    ['inlineSizeMax', { inlineSizeMax: -1 }],
    ['inlineSizeMax', { inlineSizeMax: '1' }],
    ['objectSizeMax', { objectSizeMax: undefined }],
    ['uploadExpirySeconds', { uploadExpirySeconds: 1e300 }],
    ['garbageGraceSeconds', { garbageGraceSeconds: Number.NaN }],
    ['heartbeatIntervalSeconds', { heartbeatIntervalSeconds: 0 }],
    ['heartbeatIntervalSeconds', { heartbeatIntervalSeconds: 2 ** 31 / 1000, processLeaseSeconds: 1e9 }],
    ['processLeaseSeconds', { processLeaseSeconds: 10 }],
  ]
  test.each(refused)('refuses %s of %o', (name, given) => {
    // As from JavaScript.
    const limits = given as Partial<Limits>
    expect(() => resolveLimits(limits)).toThrow(
      expect.objectContaining({ code: 'InvalidArgument', details: { argument: `limits.${name}`, reason: expect.any(String) } }),
    )
  })
})
