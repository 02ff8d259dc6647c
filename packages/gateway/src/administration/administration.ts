import { ALWAYS, fsck } from '@stowage/core'
import type { BucketInfo, FsckReport, FsckStep } from '@stowage/core'
import type { AccessKeys, KeyProvider, StoredCredentials } from '@stowage/credentials'
import type { CopiedBlobs } from '@stowage/core/backend'
import { backUp } from './backups/back-up.ts'
import type { BackedUp, BackupOptions, BackupRequest } from './backups/back-up.ts'
import { copyBackend } from './copy-backend.ts'
import type { CopyBackendOptions, CopyBackendRequest } from './copy-backend.ts'
import { administerCredentials } from './credential-administration.ts'
import type { CredentialAnswer, CredentialRequest } from './credential-request.ts'
import { administerKeys } from './key-administration.ts'
import type { KeyAnswer, KeyRequest } from './key-administration.ts'
import { administerPolicies } from './policy-administration.ts'
import type { PolicyAnswer, PolicyParts, PolicyRequest } from './policy-administration.ts'
import { resealCredentials } from './reseal-credentials.ts'
import type { Stores } from '../stores/stores.ts'

/** How much a store holds. */
export interface Statistics {
  readonly buckets: number
  /** Current ones. */
  readonly objects: number
  /** Former versions of objects, and delete markers. */
  readonly versions: number
  /** Unfinished ones. */
  readonly uploads: number
  /** Of all versions together. */
  readonly bytes: number
}

/** How fsck is to go about it. */
export interface AdministrationFsck {
  /** Reads every byte and holds it against its checksum. */
  readonly deep: boolean
  /** Hears how far it is. */
  readonly onProgress?: (step: FsckStep) => void
  /** Stops it; it rejects then. */
  readonly signal?: AbortSignal
}

/** What an operator asks of a store, whoever owns what is in it. Whoever may read the data directory may ask. */
export interface Administration {
  /** Every bucket, by name. */
  buckets(): Promise<readonly BucketInfo[]>
  stat(): Promise<Statistics>
  fsck(options: AdministrationFsck): Promise<FsckReport>
  /** Brings all bytes to another backend; one call at a time. */
  copyBackend(request: CopyBackendRequest, options: CopyBackendOptions): Promise<CopiedBlobs>
  /** Copies all of it, as of one moment, into a directory of this machine. */
  backUp(request: BackupRequest, options: BackupOptions): Promise<BackedUp>
  /** Stored keys: makes, lists and changes them. */
  keys(request: KeyRequest): Promise<KeyAnswer>
  /** Projects, their keys, tokens of R2 and temporary credentials; and what all secrets are sealed under. */
  credentials(request: CredentialRequest): Promise<CredentialAnswer>
  /** Roles and row-level policies: lists and changes them, and says what they decide. */
  policies(request: PolicyRequest): Promise<PolicyAnswer>
}

const PAGE_SIZE = 1_000

/** What is kept in a store beside buckets: who may come, and what they may do. */
export interface AdministeredParts {
  readonly keys: AccessKeys
  readonly stored: StoredCredentials
  readonly policies: PolicyParts
  /** What both are sealed under. */
  readonly masterKeys: KeyProvider
}

/** Administers stores that are open, and the credentials and policies in them. */
export function administer(stores: Omit<Stores, 'end'>, { keys, stored, policies, masterKeys }: AdministeredParts): Administration {
  const { metadata, backend, blobPrefix = '' } = stores
  let isCopying = false
  return {
    async buckets() {
      const all: BucketInfo[] = []
      let after: string | null = null
      do {
        const page: Awaited<ReturnType<typeof metadata.listBuckets>> = await metadata.listBuckets({
          jurisdiction: null,
          account: null,
          visible: ALWAYS,
          prefix: '',
          after,
          limit: PAGE_SIZE,
        })
        all.push(...page.buckets)
        after = page.next
      } while (after !== null)
      return all
    },
    stat: () => metadata.inspection.counts(),
    fsck: (options) => fsck({ metadata, backends: { main: backend }, blobPrefix, opened: true, ...options }),
    async copyBackend(request, options) {
      // Two at once would write the same blobs.
      if (isCopying) throw new Error('The bytes of this store are being copied already.')
      isCopying = true
      try {
        return await copyBackend(stores, request, options)
      } finally {
        isCopying = false
      }
    },
    backUp: (request, options) => backUp(stores, request, options),
    async keys(request) {
      // A key may be for a role that another process has made.
      if (request.do === 'create') await policies.policies.refresh()
      return administerKeys(keys, request)
    },
    credentials: (request) =>
      request.do === 'reseal' ? resealCredentials({ keys, stored, masterKeys }, request) : administerCredentials(stored, request),
    policies: (request) => administerPolicies(policies, request),
  }
}
