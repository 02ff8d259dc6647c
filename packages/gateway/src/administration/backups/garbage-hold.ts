import type { MetadataStore } from '@stowage/core'

/** That no blob is deleted meanwhile. */
export interface GarbageHold {
  /** Aborted where it was lost: then blobs may have been deleted. */
  readonly signal: AbortSignal
  /** Gives it back; throws where it was lost. */
  release(): Promise<void>
}

const LEASE_SECONDS = 300
const RENEW_EVERY_MS = 30_000

/** Keeps every process of a store from deleting blobs, until it is given back, or a few minutes after this process has died. */
export async function holdGarbage(metadata: MetadataStore, holder: string): Promise<GarbageHold> {
  const hold = { holder, seconds: LEASE_SECONDS }
  await metadata.holdGarbage(hold)
  const lost = new AbortController()
  const renew = async (): Promise<void> => {
    // A store that cannot be reached just now is asked again, as long as the lease runs.
    const renewed = await metadata.holdGarbage(hold).catch(() => null)
    if (renewed?.outcome === 'begun') lost.abort(LOST)
  }
  let renewing: Promise<void> = Promise.resolve()
  const timer = setInterval(() => (renewing = renewing.then(renew)), RENEW_EVERY_MS)
  return {
    signal: lost.signal,
    async release() {
      clearInterval(timer)
      await renewing
      const { outcome } = await metadata.releaseGarbage(holder)
      if (outcome === 'lapsed' || lost.signal.aborted) throw LOST
    },
  }
}

const LOST = new Error('Blobs may have been deleted while they were copied: the store could not be reached for minutes. Try again.')
