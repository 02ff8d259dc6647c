import type { KeyOperation } from './history.ts'

/** A read, and the write after which it cannot have been. */
export interface StaleRead {
  readonly read: KeyOperation
  readonly write: KeyOperation
}

/**
 * The first read of a value that had been overwritten before the read began, and after the value was known to be there. `linearize` finds
 * it, too; to be sure that there is no order it has to try them all, and here it is said in two lines.
 */
export function findStaleRead(operations: readonly KeyOperation[]): StaleRead | null {
  const thereSince = new Map<string, number>()
  const there = (value: string, { returnedAt }: KeyOperation): void => {
    thereSince.set(value, Math.min(returnedAt, thereSince.get(value) ?? Infinity))
  }
  for (const operation of operations) {
    const { request, answer } = operation
    if (request.kind === 'put' && answer === 'done') there(request.value, operation)
    const seen = seenBy(operation)
    if (seen !== null) there(seen, operation)
  }
  const writes = operations.filter(({ answer }) => answer === 'done')
  for (const read of operations) {
    const seen = seenBy(read)
    if (seen === null) continue
    const since = thereSince.get(seen) ?? Infinity
    const write = writes.find(
      ({ request, invokedAt, returnedAt }) =>
        invokedAt > since && returnedAt < read.invokedAt && !(request.kind === 'put' && request.value === seen),
    )
    if (write !== undefined) return { read, write }
  }
  return null
}

/** What the key held when the operation was carried out; null where its answer does not say. */
function seenBy({ request, answer }: KeyOperation): string | null {
  if (typeof answer === 'object') return answer.holds
  if (answer !== 'done' || request.kind === 'read' || typeof request.condition === 'string') return null
  return request.condition.holds
}
