/** Keeps the collectors of all processes from claiming garbage, for as long as the lease runs. */
export interface HoldGarbageCommand {
  /** Who holds it, by a name that nobody else has. Several may hold it at once: it is over when the last one has let go. */
  readonly holder: string
  /** From now on, by the store's time: more than 0, at most `LEASE_LIMITS.secondsMax`. */
  readonly seconds: number
}
/**
 * `renewed`: this holder has held it without a break since it began. `begun`: it begins now; whoever meant to renew it comes too
 * late, and blobs may have been deleted meanwhile.
 */
export type HoldGarbageOutcome = { readonly outcome: 'begun' | 'renewed' }
/** `lapsed`: the lease had run out before, or there was none. */
export type ReleaseGarbageOutcome = { readonly outcome: 'released' | 'lapsed' }

/** What a metadata store takes of leases; more is refused with `LimitExceeded`. */
export const LEASE_LIMITS = {
  /** Of the name of whoever has one, in UTF-8 bytes. */
  ownerBytesMax: 500,
  /** What nobody gives back or renews is over after a day: whatever waits for it goes on. */
  secondsMax: 86_400,
} as const
