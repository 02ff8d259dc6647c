import type { Clock } from '@stowage/core'

/** By what a temporary credential can be taken back. */
export interface RevocableCredential {
  /** Its own id. */
  readonly jti: string
  /** The user that it stands for; null where it stands for a key. */
  readonly sub: string | null
  /** The session of that user, as the issuer names it; null where that is not known. */
  readonly sessionId: string | null
  readonly issuedAt: Date
}

/** Says which temporary credentials were taken back. Asked with every request: it answers at once where it can. */
export interface RevocationList {
  isRevoked(credential: RevocableCredential): boolean | Promise<boolean>
}

/** What is taken back: one credential, for good; or those of a session or a user, of whom those that are made later are good. */
export type Revocation = { readonly jti: string } | { readonly sub: string } | { readonly sessionId: string }

/** No temporary credential lives longer: that of R2, a week; and a minute, by which the clock of whoever made it may be ahead. */
export const REVOCATION_MILLISECONDS: number = 604_800_000 + 60_000

/** Keeps revocations in the memory of this process, for as long as anything that they take back could be good. */
export class MemoryRevocations implements RevocationList {
  readonly #clock: Clock
  readonly #revokedAt = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes back what was issued until now. */
  revoke(revocation: Revocation): void {
    const now = this.#clock().getTime()
    for (const [name, at] of this.#revokedAt) if (now - at > REVOCATION_MILLISECONDS) this.#revokedAt.delete(name)
    this.#revokedAt.set(nameOf(revocation), now)
  }

  isRevoked(credential: RevocableCredential): boolean {
    return isRevokedBy(credential, (revocation) => this.#revokedAt.get(nameOf(revocation)))
  }
}

/** Whether a credential was taken back, by when each thing was. */
export function isRevokedBy(
  { jti, sub, sessionId, issuedAt }: RevocableCredential,
  revokedAt: (revocation: Revocation) => number | undefined,
): boolean {
  // Whichever of two processes has the faster clock: there is no later credential of this name.
  if (revokedAt({ jti }) !== undefined) return true
  const revocations: Revocation[] = [...(sub === null ? [] : [{ sub }]), ...(sessionId === null ? [] : [{ sessionId }])]
  return revocations.some((revocation) => {
    const at = revokedAt(revocation)
    // Times of issue are whole seconds: of what was issued in the same second, all goes.
    return at !== undefined && !(issuedAt.getTime() > at)
  })
}

function nameOf(revocation: Revocation): string {
  return Object.entries(revocation).flat().join('/')
}
