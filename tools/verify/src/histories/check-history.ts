import type { History, KeyOperation, Listing } from './history.ts'
import { linearize } from './linearize.ts'
import { findStaleRead } from './stale-reads.ts'

/** Operations that a sentence shows of either side. */
const SHOWN = 8

/** Sentences about what cannot have happened in a store that is consistent; none where all is well. */
export function checkHistory(history: History): readonly string[] {
  const { keys, listings } = history
  const faults = listings.flatMap((listing) => faultsOfListing(listing, keys))
  for (const [key, operations] of keys) {
    const reads = listings.filter(({ prefix }) => key.startsWith(prefix)).map((listing) => readOf(listing, key))
    const fault = faultOfKey(key, [...operations, ...reads])
    if (fault !== null) faults.push(fault)
  }
  return faults
}

/**
 * What a listing says of one key is a read of it, at some moment while the listing was under way: it cannot miss a key that is certainly
 * there all the time, nor show one that certainly is not, nor what it held before or after.
 */
function readOf({ label, entries, invokedAt, returnedAt }: Listing, key: string): KeyOperation {
  const entry = entries.find((each) => each.key === key)
  return { label, request: { kind: 'read' }, answer: entry === undefined ? 'absent' : { holds: entry.value }, invokedAt, returnedAt }
}

function faultsOfListing({ label, prefix, entries }: Listing, keys: ReadonlyMap<string, unknown>): string[] {
  const faults: string[] = []
  for (const [at, { key }] of entries.entries()) {
    const before = entries[at - 1]?.key
    if (before !== undefined && Buffer.compare(Buffer.from(before), Buffer.from(key)) >= 0) {
      faults.push(`${label}: ${key} stands behind ${before}`)
    }
    if (!key.startsWith(prefix)) faults.push(`${label}: ${key} does not begin with ${prefix}`)
    if (!keys.has(key)) faults.push(`${label}: ${key} was put by nobody`)
  }
  return faults
}

function faultOfKey(key: string, operations: readonly KeyOperation[]): string | null {
  const stale = findStaleRead(operations)
  if (stale !== null) {
    return [`${key}: what was read had been overwritten before:`, sentenceOf(stale.write), sentenceOf(stale.read)].join('\n')
  }
  const result = linearize(operations)
  if (result.found) return null
  const { decided, order, state, stuck } = result
  const problem = decided ? 'no order of its operations explains their answers' : 'the search for an order was given up'
  return [
    `${key}: ${problem}. ${order.length} of ${operations.length} were placed, at last:`,
    ...order.slice(-SHOWN).map(sentenceOf),
    `  then it holds ${state ?? 'nothing'}, and of these none can come next:`,
    ...stuck.slice(0, SHOWN).map(sentenceOf),
  ].join('\n')
}

function sentenceOf({ label, request, answer, invokedAt, returnedAt }: KeyOperation): string {
  const condition =
    request.kind === 'read' || request.condition === 'none'
      ? ''
      : request.condition === 'absent'
        ? ' if absent'
        : ` if it holds ${request.condition.holds}`
  const what = request.kind === 'put' ? `put ${request.value}` : request.kind
  const told = typeof answer === 'object' ? answer.holds : answer
  return `    ${invokedAt.toFixed(1)}–${returnedAt.toFixed(1)} ${label}: ${what}${condition} → ${told}`
}
