/** How far causes of causes are followed, and how many errors of an `AggregateError`. */
export const DEPTH_MAX = 4
/** Of a message, in characters: a service may put a whole page there. */
const MESSAGE_LENGTH_MAX = 1_000
/** Of a stack, in characters; it begins with the message. */
const STACK_LENGTH_MAX = 8_000
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
  if (typeof stack === 'string') hide(safe, 'stack', safeStack(stack, { name, message: safe.message, whole: message }))
  return safe
}

/** A stack whose first lines are the message as it was cut. One that begins with another message keeps only the places. */
function safeStack(
  stack: string,
  { name, message, whole }: { readonly name: unknown; readonly message: string; readonly whole: unknown },
): string {
  if (whole === message && stack.includes(message)) return stack.slice(0, STACK_LENGTH_MAX)
  const said = typeof whole === 'string' ? stack.indexOf(whole) : -1
  const rest = said === -1 || typeof whole !== 'string' ? stack : stack.slice(said + whole.length)
  const places = /\n {4}at [^]*$/.exec(rest)?.[0] ?? ''
  return `${typeof name === 'string' ? name : 'Error'}: ${message}${places}`.slice(0, STACK_LENGTH_MAX)
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
