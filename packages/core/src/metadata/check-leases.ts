import { StorageError } from '../errors/storage-error.ts'
import { JOB_LIMITS } from './jobs.ts'
import type { FinishJobCommand, RenewJobCommand, TakeJobCommand } from './jobs.ts'
import { LEASE_LIMITS } from './leases.ts'
import type { HoldGarbageCommand } from './leases.ts'

/*
 * What every metadata store refuses of leases before it asks its database: so that all refuse alike.
 * `InvalidArgument` for what is none, `LimitExceeded` for what is too much of it.
 */

const LONE_SURROGATE = /\p{Surrogate}/u

/** Refuses a command that no store takes. */
export function checkHoldGarbage({ holder, seconds }: HoldGarbageCommand): void {
  checkHolder(holder)
  checkLeaseSeconds('seconds', seconds)
}

/** Refuses what is no name of a holder. */
export function checkHolder(holder: string): void {
  checkText('holder', holder)
  atMost('leases.ownerBytesMax', Buffer.byteLength(holder), LEASE_LIMITS.ownerBytesMax)
}

/** Refuses a command that no store takes. */
export function checkTakeJob(command: TakeJobCommand): void {
  checkRenewJob(command)
  checkText('kind', command.kind)
  atMost('jobs.kindBytesMax', Buffer.byteLength(command.kind), JOB_LIMITS.kindBytesMax)
}

/** Refuses a command that no store takes. */
export function checkRenewJob({ id, owner, leaseSeconds }: RenewJobCommand): void {
  checkJobOf(id, owner)
  checkLeaseSeconds('leaseSeconds', leaseSeconds)
}

/** Refuses a command that no store takes. */
export function checkFinishJob({ id, owner, againInSeconds }: FinishJobCommand): void {
  checkJobOf(id, owner)
  if (!(Number.isFinite(againInSeconds) && againInSeconds >= 0)) throw invalid('againInSeconds', 'is a number of seconds, 0 or more')
  atMost('jobs.againSecondsMax', againInSeconds, JOB_LIMITS.againSecondsMax)
}

function checkJobOf(id: string, owner: string): void {
  checkText('id', id)
  atMost('jobs.idBytesMax', Buffer.byteLength(id), JOB_LIMITS.idBytesMax)
  checkText('owner', owner)
  atMost('leases.ownerBytesMax', Buffer.byteLength(owner), LEASE_LIMITS.ownerBytesMax)
}

function checkText(argument: string, text: string): void {
  if (text === '') throw invalid(argument, 'is empty')
  if (text.includes('\u0000') || LONE_SURROGATE.test(text)) throw invalid(argument, 'holds U+0000 or half a surrogate pair')
}

function checkLeaseSeconds(argument: string, seconds: number): void {
  if (!(Number.isFinite(seconds) && seconds > 0)) throw invalid(argument, 'is a number of seconds, more than 0')
  atMost('leases.secondsMax', seconds, LEASE_LIMITS.secondsMax)
}

function atMost(limit: string, value: number, max: number): void {
  if (value > max) throw new StorageError('LimitExceeded', { limit, max })
}

function invalid(argument: string, reason: string): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument, reason })
}
