/*
 * Jobs: work that any process may do, and one at a time does. A job is known from the moment when somebody first wants it, and due at
 * once. Whoever takes it has it for as long as the lease runs, by the store's time, and renews the lease while it works; where it
 * dies, the next one takes the job over. A lease says who should work, it stops nobody: what a job does must bear two at once.
 */

/** Takes a job, if it is due and nobody has it. */
export interface TakeJobCommand {
  /** Which job; the same in every process. */
  readonly id: string
  /** What sort of work it is. Kept when the job is first taken. */
  readonly kind: string
  /** Who takes it, by a name that nobody else has. */
  readonly owner: string
  /** More than 0, at most `LEASE_LIMITS.secondsMax`. */
  readonly leaseSeconds: number
}
/** What became of it. Nobody waits: whoever cannot have the job is told when to ask again, in milliseconds. */
export type TakeJobOutcome =
  /** `attempt` counts from 1 on since it was last done. `takenFrom`: who had it, and let the lease run out; null where nobody did. */
  | { readonly outcome: 'taken'; readonly attempt: number; readonly takenFrom: string | null }
  /** Somebody has it, for so much longer unless it is given back or renewed. */
  | { readonly outcome: 'busy'; readonly waitMs: number }
  | { readonly outcome: 'early'; readonly waitMs: number }

/** Makes the lease run for so long from now on. */
export type RenewJobCommand = Pick<TakeJobCommand, 'id' | 'owner' | 'leaseSeconds'>
/** `lost`: another one may have taken it, and whoever had it stops. One that ran out and that nobody took meanwhile is renewed. */
export type RenewJobOutcome = { readonly outcome: 'renewed' | 'lost' }

/** Gives a job back. */
export interface FinishJobCommand {
  readonly id: string
  readonly owner: string
  /** When it is due again, from now on: 0 or more, at most `JOB_LIMITS.againSecondsMax`. */
  readonly againInSeconds: number
  /** False where it is not done, because it failed or was broken off: its attempts count on. */
  readonly done: boolean
}
/** `lost`: it was not the owner's any more, and nothing has changed. */
export type FinishJobOutcome = { readonly outcome: 'finished' | 'lost' }

/** What a metadata store takes of jobs; more is refused with `LimitExceeded`. */
export const JOB_LIMITS = {
  /** In UTF-8 bytes. */
  idBytesMax: 500,
  /** In UTF-8 bytes. */
  kindBytesMax: 64,
  /** A year. */
  againSecondsMax: 31_622_400,
} as const
