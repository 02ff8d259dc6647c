import { StorageError, systemClock } from '@stowage/core'
import type { Clock, Observer } from '@stowage/core'
import type { KeyActor } from '../keys/access-key.ts'
import type { DocumentStore } from '../keys/document-store.ts'
import type { KeyProvider } from '../sealing/key-provider.ts'

/** What stored credentials are kept with. */
export interface StoredPartsOptions {
  /** Where they are kept; open as long as they are used. */
  readonly documents: DocumentStore
  /** Seals the secrets that must be recovered. */
  readonly masterKeys: KeyProvider
  /** Hears of each change for audit. Never of a secret. */
  readonly observer?: Observer
  /** Default: the system's. */
  readonly clock?: Clock
}

/** The same, complete, and whom a change concerns. */
export interface StoredParts {
  readonly documents: DocumentStore
  readonly masterKeys: KeyProvider
  readonly observer: Observer
  readonly clock: Clock
  /** Is called after each change: what is kept ready of it is forgotten. */
  readonly changed: () => void
}

/** Completes the options. */
export function storedParts(options: StoredPartsOptions, changed: () => void): StoredParts {
  const { documents, masterKeys, clock = systemClock, observer = SILENT } = options
  return { documents, masterKeys, clock, observer, changed }
}

const SILENT: Observer = {
  event: () => {
    // Nobody wants to hear.
  },
}

const DESCRIPTION_BYTES_MAX = 1024
const ACCOUNT_BYTES_MAX = 500

/** Tells of a change, to whom it concerns and to the audit. */
export function announce(parts: StoredParts, name: string, fields: Readonly<Record<string, unknown>> & { readonly actor: KeyActor }): void {
  const { actor, ...others } = fields
  parts.changed()
  parts.observer.event(name, { ...others, by: actor.by ?? null })
}

/** A description, or none. Throws `InvalidArgument` for one that is too long. */
export function checkedDescription(text: string | undefined): string | null {
  if (text === undefined) return null
  if (Buffer.byteLength(text) > DESCRIPTION_BYTES_MAX) throw invalid('description', `has at most ${DESCRIPTION_BYTES_MAX} bytes`)
  return text
}

/** An account's id. Throws `InvalidArgument` for none, and for one that is too long. */
export function checkedAccount(text: string): string {
  if (text === '' || Buffer.byteLength(text) > ACCOUNT_BYTES_MAX) throw invalid('account', `has 1 to ${ACCOUNT_BYTES_MAX} bytes`)
  return text
}

/** An end to come, or none. Throws `InvalidArgument` for one that has been. */
export function checkedEnd(end: Date | undefined, now: Date): Date | null {
  if (end === undefined) return null
  if (!(end > now)) throw invalid('expiresAt', 'is a time to come')
  return end
}

/** When an overlap that begins now is over. Throws `InvalidArgument` for what is no length of time, or too long. */
export function overlapEnd(seconds: number, now: Date): Date {
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > OVERLAP_SECONDS_MAX) {
    throw invalid('overlapSeconds', `is a whole number from 0 to ${OVERLAP_SECONDS_MAX}`)
  }
  return new Date(now.getTime() + seconds * 1000)
}

/** A quarter of a year: who needs longer has forgotten it. */
const OVERLAP_SECONDS_MAX = 7_776_000

/** Whether something that may have an end has not reached it. */
export function isCurrent({ expiresAt }: { readonly expiresAt: Date | null }, now: Date): boolean {
  return expiresAt === null || now < expiresAt
}

/** The error of an argument. */
export function invalid(argument: string, reason: string): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument, reason })
}
