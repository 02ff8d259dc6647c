import { expect, test } from 'vitest'
import type { Conditions } from './conditions.ts'
import { evaluateConditions } from './evaluate-conditions.ts'

const object = { etag: 'abc', createdAt: new Date(10_500) }
const at = (seconds: number): Date => new Date(seconds * 1000)

const CASES: readonly (readonly [Conditions, typeof object | null, ReturnType<typeof evaluateConditions>])[] = [
  [{}, object, null],
  [{}, null, null],
  [{ ifMatch: '*' }, object, null],
  [{ ifMatch: '*' }, null, 'absent'],
  [{ ifMatch: ['x', 'abc'] }, object, null],
  [{ ifMatch: ['x'] }, object, 'ifMatch'],
  [{ ifMatch: ['W/abc'] }, object, 'ifMatch'],
  [{ ifNoneMatch: '*' }, object, 'ifNoneMatch'],
  [{ ifNoneMatch: '*' }, null, null],
  [{ ifNoneMatch: ['abc'] }, object, 'ifNoneMatch'],
  [{ ifNoneMatch: ['W/abc'] }, object, 'ifNoneMatch'],
  [{ ifNoneMatch: ['x'] }, object, null],
  // The client has seen 10 of 10.5 seconds.
  [{ ifUnmodifiedSince: at(10) }, object, null],
  [{ ifUnmodifiedSince: at(9) }, object, 'ifUnmodifiedSince'],
  [{ ifUnmodifiedSince: at(9) }, null, null],
  [{ ifModifiedSince: at(10) }, object, 'ifModifiedSince'],
  [{ ifModifiedSince: at(9) }, object, null],
  [{ ifModifiedSince: at(9) }, null, null],
  // RFC 9110 §13.2.2: tags come before dates, and a date counts only where its tag was not sent.
  [{ ifMatch: ['abc'], ifUnmodifiedSince: at(9) }, object, null],
  [{ ifNoneMatch: ['x'], ifModifiedSince: at(10) }, object, null],
  [{ ifMatch: ['x'], ifNoneMatch: ['abc'] }, object, 'ifMatch'],
  [{ ifUnmodifiedSince: at(9), ifNoneMatch: ['abc'] }, object, 'ifUnmodifiedSince'],
]

test.each(CASES)('%j on %j fails at %s', (conditions, row, failed) => {
  expect(evaluateConditions(conditions, row)).toBe(failed)
})
