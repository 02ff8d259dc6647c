import type { MetadataStore, Observer } from '@stowage/core'
import { postgresMetadata } from '@stowage/core/postgres'
import { sqliteMetadata } from '@stowage/core/sqlite'
import type { PostgresServer } from '../../core/test/postgres-server.ts'
import { AccessKeys } from '../src/keys/access-keys.ts'
import type { AccessKeysOptions } from '../src/keys/access-keys.ts'
import { givenMasterKeys } from '../src/sealing/given-master-keys.ts'

/** What the observer heard. */
export interface HeardEvent {
  readonly name: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** Keys over one store, and the same keys as another process has them; the clock stands until the test moves it. */
export interface KeyWorld {
  readonly keys: AccessKeys
  /** On Postgres over a store of its own; SQLite has one process, and there it only knows nothing of the other. */
  readonly elsewhere: AccessKeys
  readonly store: MetadataStore
  readonly events: readonly HeardEvent[]
  readonly now: () => Date
  readonly advance: (milliseconds: number) => void
  /** Further keys over the same store. */
  readonly open: (options?: Partial<AccessKeysOptions>) => AccessKeys
}

/** The databases that keys are kept in. */
export type TestedDatabase = 'sqlite' | 'postgres'

let schemas = 0

/** Opens an empty store, runs the test, and closes everything. */
export async function withKeys(
  database: TestedDatabase,
  postgres: PostgresServer | null,
  run: (world: KeyWorld) => Promise<void>,
): Promise<void> {
  let now = Date.UTC(2030, 0, 1)
  const clock = (): Date => new Date(now)
  const events: HeardEvent[] = []
  const observer: Observer = { event: (name, fields) => void events.push({ name, fields }) }
  const schema = `keys_${(schemas += 1)}`
  const openStore = async (): Promise<MetadataStore> => {
    if (database === 'postgres' && postgres === null) throw new Error('Postgres is not running.')
    const pool = database === 'postgres' ? postgres?.pool({ max: 4 }) : undefined
    const store = pool === undefined ? sqliteMetadata({ temporary: true, worker: 'inline' }) : postgresMetadata({ pool, schema })
    await store.open()
    return store
  }
  const store = await openStore()
  const otherStore = database === 'sqlite' ? store : await openStore()
  const masterKeys = givenMasterKeys(Buffer.alloc(32, 1))
  const open = (documents: MetadataStore, options: Partial<AccessKeysOptions> = {}): AccessKeys =>
    new AccessKeys({ documents, masterKeys, observer, clock, ...options })
  try {
    await run({
      keys: open(store),
      elsewhere: open(otherStore),
      store,
      events,
      now: clock,
      advance: (milliseconds) => void (now += milliseconds),
      open: (options) => open(store, options),
    })
  } finally {
    await store.close()
    await otherStore.close()
  }
}
