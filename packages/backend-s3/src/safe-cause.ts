/** How far causes of causes are followed, and how many errors of an `AggregateError`. */
export const DEPTH_MAX = 4
/** Of a message, in characters: a service may put a whole page there. */
const MESSAGE_LENGTH_MAX = 1_000
/** What Node says of a failure of the system; `Code` is the service's. */
const WORDS = ['code', 'Code', 'errno', 'syscall'] as const
/** What of `$metadata` helps whoever runs the service to find the request. */
const METADATA = ['httpStatusCode', 'requestId', 'extendedRequestId', 'attempts'] as const

/**
 * A copy of what was thrown below, for logs: names, codes, messages, stacks, the numbers of the request, causes. The vendor's errors carry
 * more: the whole exchange with its signed headers, and every field of the service's answer, session tokens among them.
 */
export function safeCause(error: unknown, depth = 0): unknown {
  if (typeof error !== 'object' || error === null) return error
  const causes = depth < DEPTH_MAX
  const { name, message, stack, cause, errors, $metadata } = fieldsOf(error)
  const safe = new Error(typeof message === 'string' ? message.slice(0, MESSAGE_LENGTH_MAX) : 'no message')
  if (causes && cause !== undefined) safe.cause = safeCause(cause, depth + 1)
  const more: Record<string, unknown> = {}
  for (const word of WORDS) {
    const value = fieldsOf(error)[word]
    if (typeof value === 'string' || typeof value === 'number') more[word] = value
  }
  if (causes && Array.isArray(errors)) more['errors'] = errors.slice(0, DEPTH_MAX).map((each) => safeCause(each, depth + 1))
  if (typeof $metadata === 'object' && $metadata !== null) more['$metadata'] = pick(fieldsOf($metadata), METADATA)
  Object.assign(safe, more)
  hide(safe, 'name', name)
  hide(safe, 'stack', stack)
  return safe
}

function hide(target: Error, field: 'name' | 'stack', value: unknown): void {
  if (typeof value === 'string') Object.defineProperty(target, field, { value, configurable: true, writable: true })
}

function pick(from: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])))
}

/** What any object may have; getters of the vendor's are asked as well. */
function fieldsOf(value: object): Readonly<Record<string, unknown>> {
  return value as Readonly<Record<string, unknown>>
}
