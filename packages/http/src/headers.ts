import { HttpInputError } from './http-input-error.ts'
import type { HttpHeader } from './message.ts'

/** Every value of the header, in order of arrival. The name is in lower case. */
export function headerValues(headers: readonly HttpHeader[], name: string): string[] {
  const values: string[] = []
  for (const header of headers) if (header[0] === name) values.push(header[1])
  return values
}

/**
 * The value of a header that may come once, or null where it did not come. An empty value is a value.
 *
 * Fails when the header came twice, even with equal values: proxies disagree on which of the two counts.
 */
export function optionalHeader(headers: readonly HttpHeader[], name: string): string | null {
  let value: string | null = null
  for (const header of headers) {
    if (header[0] !== name) continue
    if (value !== null) throw new HttpInputError('HeaderInvalid', name, `The header ${name} came more than once.`)
    value = header[1]
  }
  return value
}

/** The value of a header that must come exactly once. An empty value is a value. */
export function requiredHeader(headers: readonly HttpHeader[], name: string): string {
  const value = optionalHeader(headers, name)
  if (value === null) throw new HttpInputError('HeaderMissing', name, `The header ${name} is required.`)
  return value
}

/** The value of a header that must come exactly once and hold something besides spaces. */
export function requiredText(headers: readonly HttpHeader[], name: string): string {
  const value = requiredHeader(headers, name)
  if (/^[ \t]*$/.test(value)) throw new HttpInputError('HeaderInvalid', name, `The header ${name} is empty.`)
  return value
}

/** The elements of a header of the form `#element` (RFC 9110 §5.6.1): lines joined, split at commas, trimmed, empty ones dropped. */
export function listHeader(headers: readonly HttpHeader[], name: string): string[] {
  const elements: string[] = []
  for (const value of headerValues(headers, name)) {
    for (const element of value.split(',')) {
      const trimmed = element.replace(/^[ \t]+|[ \t]+$/g, '')
      if (trimmed !== '') elements.push(trimmed)
    }
  }
  return elements
}

/** A number of digits only, from 0 to 2^53 - 1, or null where the header did not come. No sign, no fraction, no exponent. */
export function integerHeader(headers: readonly HttpHeader[], name: string): number | null {
  const value = optionalHeader(headers, name)
  if (value === null) return null
  const number = parseDigits(value)
  if (number === null) throw new HttpInputError('HeaderInvalid', name, `The header ${name} must be an integer from 0 to 2^53 - 1.`)
  return number
}

/** Like `integerHeader`, where the header must come. */
export function requiredInteger(headers: readonly HttpHeader[], name: string): number {
  const value = integerHeader(headers, name)
  if (value === null) throw new HttpInputError('HeaderMissing', name, `The header ${name} is required.`)
  return value
}

function parseDigits(text: string): number | null {
  // Sixteen digits hold 2^53 - 1; leading zeros beyond that are nobody's honest length.
  if (!/^[0-9]{1,16}$/.test(text)) return null
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : null
}
