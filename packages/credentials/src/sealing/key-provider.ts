/** A key that keys are derived from; never used itself. */
export interface MasterKey {
  /** Stands beside what was sealed: 1 to 64 of A-Z a-z 0-9 _ . - and never given to another key. */
  readonly id: string
  /** 32 bytes of cryptographic quality. */
  readonly bytes: Uint8Array
}

/**
 * Where master keys come from: a file (`masterKeyFile`), bytes that somebody gives (`givenMasterKeys`), or a function of one's
 * own, which asks a key service. Former keys stay known as long as anything is sealed under them.
 */
export interface KeyProvider {
  /** The key that new secrets are sealed under. */
  current(): MasterKey | Promise<MasterKey>
  /** The key of this id; null where there is none. */
  byId(id: string): MasterKey | null | Promise<MasterKey | null>
}

/** Of a master key, in bytes. */
export const MASTER_KEY_BYTES = 32
