/** Of so many digits every number is kept as it was written (IEEE 754, binary64). */
const DIGITS_KEPT = 15
/** A text, or a number, as JSON has them; texts are matched so that no number is looked for in them. */
const TEXT_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/**
 * Whether JSON, which was read without an error, has a number that JavaScript cannot keep: whoever compares it compares another one, and
 * `9007199254740993` is `9007199254740992` then. One that is written in another way than we would (`1.0`) is none.
 */
export function hasInexactNumber(json: string): boolean {
  for (const [found] of json.matchAll(TEXT_OR_NUMBER)) if (!found.startsWith('"') && isInexact(found)) return true
  return false
}

function isInexact(text: string): boolean {
  const value = Number(text)
  if (!Number.isFinite(value)) return true
  const [mantissa = ''] = text.split(/[eE]/)
  const digits = mantissa.replace(/[-.]/g, '').replace(/^0+/, '')
  // Nothing but zero is zero: less than the least is another number, too.
  if (value === 0) return digits !== ''
  const significant = mantissa.includes('.') ? digits.replace(/0+$/, '') : digits
  return significant.length > DIGITS_KEPT && String(value) !== text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')
}
