import { join } from 'node:path'
import { fsBackend } from '@stowage/backend-fs'
import { accountCaller, openEngine, ownersOnly } from '@stowage/core'
import type { Backend, Engine, Limits, MetadataStore } from '@stowage/core'
import { sqliteMetadata } from '@stowage/core/sqlite'

/** Which parts of durability a run leaves out, to show that the test would notice. */
export interface Mutant {
  readonly backend?: 'process'
  readonly metadata?: 'process'
}

const DAY_MS = 86_400_000

/** Small, so that every write path is met with a few bytes. */
const LIMITS: Partial<Limits> = { inlineSizeMax: 4096, partSizeMin: 1, appendBlobSizeMax: 100_000 }

/** How the stores of a directory are opened. */
export interface OpenStoresOptions {
  readonly mutant?: Mutant
  /** Sets the store's clock ahead: grace and leases are over then. */
  readonly daysLater?: number
  /** For whoever only looks at what is there: a thread takes longer to start than to look. */
  readonly writer?: 'thread' | 'inline'
}

/** The stores of a directory, as `stowage serve` has them. */
export function openStores(directory: string, options: OpenStoresOptions = {}): { metadata: MetadataStore; backend: Backend } {
  const { mutant = {}, daysLater = 0, writer = 'thread' } = options
  return {
    metadata: sqliteMetadata({
      ...(writer === 'inline' ? { worker: 'inline' as const } : {}),
      file: join(directory, 'metadata.sqlite'),
      durability: mutant.metadata ?? 'power-cut',
      clock: () => new Date(Date.now() + daysLater * DAY_MS),
    }),
    backend: fsBackend({ directory, durability: mutant.backend ?? 'power-cut' }),
  }
}

/** An engine over them. */
export function openEngineIn(directory: string, options: OpenStoresOptions = {}): Promise<Engine> {
  return openEngine({ ...openStores(directory, options), policy: ownersOnly(), limits: LIMITS })
}

/** The one caller of these tests. */
export const OWNER = accountCaller('crash')
