import type { ControlStore } from './control-store.ts'
import { needsReopening } from './needs-reopening.ts'
import type { TenantRoundsOptions } from './tenant-rounds.ts'

/** A round that takes longer may meet another one's, which does no harm. */
const ROUND_LEASE_SECONDS = 120

/**
 * The right to look after tenants that are not open, which one process has at a time. It is what is written regularly to the server's own
 * store: where that can be written no more until it is opened again, as after the death of the thread that writes it, this does so.
 */
export function roundLease(control: Pick<ControlStore, 'metadata' | 'reopen'>, owner: string): TenantRoundsOptions<never>['take'] {
  const { metadata } = control
  const job = { id: 'gateway.tenants', owner } as const
  const take = (): ReturnType<typeof metadata.takeJob> =>
    metadata.takeJob({ ...job, kind: 'gateway.tenants', leaseSeconds: ROUND_LEASE_SECONDS })
  const takeAnyhow = async (): ReturnType<typeof metadata.takeJob> => {
    try {
      return await take()
    } catch (error) {
      // What may succeed later by itself is left alone: its reads go on.
      if (!needsReopening(error)) throw error
      await control.reopen()
      return take()
    }
  }
  return async () => {
    const { outcome } = await takeAnyhow()
    if (outcome !== 'taken') return null
    return async () => void (await metadata.finishJob({ ...job, againInSeconds: 0, done: true }))
  }
}
