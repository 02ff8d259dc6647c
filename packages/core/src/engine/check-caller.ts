import { StorageError } from '../errors/storage-error.ts'
import type { Caller } from '../policy/caller.ts'
import { checkText } from './check-key.ts'
import type { Limits } from './limits.ts'

/**
 * Throws for a caller whose ids no row could keep: they become the owners of buckets and objects, and are indexed.
 * `LimitExceeded` for more than `callerIdBytesMax` bytes, `InvalidArgument` for what is no text that a store gives back.
 */
export function checkCaller({ account, principal }: Caller, limits: Limits): void {
  if (account !== null) checkId('caller.account', account, limits)
  if (principal.kind === 'role' && principal.sub !== null) checkId('caller.sub', principal.sub, limits)
  if (principal.kind !== 'grant') return
  // What is no text owns nothing, see `ownerOf`.
  const { sub } = principal.frozen
  if (typeof sub === 'string') checkId('caller.sub', sub, limits)
}

function checkId(argument: string, id: string, { callerIdBytesMax: max }: Limits): void {
  checkText(argument, id)
  if (Buffer.byteLength(id) > max) throw new StorageError('LimitExceeded', { limit: 'callerIdBytesMax', max })
}
