import { StorageError } from '../errors/storage-error.ts'
import { LEASE_LIMITS } from './leases.ts'
import type { HoldGarbageCommand } from './leases.ts'

/*
 * What every metadata store refuses of leases before it asks its database: so that all refuse alike.
 * `InvalidArgument` for what is none, `LimitExceeded` for what is too much of it.
 */

const LONE_SURROGATE = /\p{Surrogate}/u

/** Refuses a command that no store takes. */
export function checkHoldGarbage({ holder, seconds }: HoldGarbageCommand): void {
  checkLeaseName('holder', holder)
  checkLeaseSeconds('seconds', seconds)
}

/** Refuses what is no name of a holder. */
export function checkLeaseName(argument: string, name: string): void {
  if (name === '') throw invalid(argument, 'is empty')
  if (name.includes('\u0000') || LONE_SURROGATE.test(name)) throw invalid(argument, 'holds U+0000 or half a surrogate pair')
  atMost('ownerBytesMax', Buffer.byteLength(name))
}

function checkLeaseSeconds(argument: string, seconds: number): void {
  if (!(Number.isFinite(seconds) && seconds > 0)) throw invalid(argument, 'is a number of seconds, more than 0')
  atMost('secondsMax', seconds)
}

function atMost(limit: keyof typeof LEASE_LIMITS, value: number): void {
  const max = LEASE_LIMITS[limit]
  if (value > max) throw new StorageError('LimitExceeded', { limit: `leases.${limit}`, max })
}

function invalid(argument: string, reason: string): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument, reason })
}
