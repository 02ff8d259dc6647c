import { StorageError } from '../errors/storage-error.ts'
import type { Limits } from './limits.ts'

/** NUL, which no database keeps, or any half of a surrogate pair: only then it is worth a closer look. */
const SUSPICIOUS = /[\0\ud800-\udfff]/
// Under the u flag pairs are one character: this matches halves only.
const LONE_SURROGATE = /\p{Surrogate}/u
/** No character takes more than three bytes for each UTF-16 unit. */
const BYTES_PER_UNIT_MAX = 3

/** Throws unless the key has 1 to `keyBytesMax` bytes of UTF-8, is well-formed Unicode and has no NUL: `KeyTooLong` or `InvalidArgument`. */
export function checkKey(key: string, limits: Limits): void {
  if (key === '') throw new StorageError('InvalidArgument', { argument: 'key', reason: 'is empty' })
  checkKeyText('key', key, limits)
}

/** The same for what keys are held against, which may be empty: a prefix, a delimiter, a marker. */
export function checkKeyText(argument: string, text: string, limits: Limits): void {
  checkText(argument, text)
  if (text.length * BYTES_PER_UNIT_MAX <= limits.keyBytesMax) return
  const length = Buffer.byteLength(text)
  if (length > limits.keyBytesMax) throw new StorageError('KeyTooLong', { length, max: limits.keyBytesMax })
}

/** Throws `InvalidArgument` for what is no text, is not well-formed Unicode or has a NUL: no store could give it back as it was. */
export function checkText(argument: string, text: string): void {
  // From JavaScript it may be: a number that is kept as one would make its row unreadable.
  if (typeof text !== 'string') throw new StorageError('InvalidArgument', { argument, reason: 'is no text' })
  if (!SUSPICIOUS.test(text)) return
  if (text.includes('\0')) throw new StorageError('InvalidArgument', { argument, reason: 'has a NUL character' })
  if (LONE_SURROGATE.test(text)) throw new StorageError('InvalidArgument', { argument, reason: 'has half a surrogate pair' })
}
