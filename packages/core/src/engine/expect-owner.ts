import { accessDenied } from './authorise.ts'
import type { SessionContext } from './context.ts'
import type { ExpectOwnerInput } from './inputs.ts'
import { readBucket } from './resolve-bucket.ts'

/**
 * Throws `AccessDenied` where the bucket belongs to another account than the caller believes. That needs no permission: whoever is right hears
 * nothing more than what the call that follows says.
 */
export async function expectOwner(session: SessionContext, input: ExpectOwnerInput): Promise<void> {
  input.signal?.throwIfAborted()
  const { account } = await readBucket(session.engine, input.bucket)
  if (account !== input.account) throw accessDenied({ action: 'bucket.read' })
}
