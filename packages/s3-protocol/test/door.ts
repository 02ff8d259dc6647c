import { once } from 'node:events'
import { createServer } from 'node:http'
import type { ServerOptions } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { accountCaller, createIds, fsck, openEngine, rules, storedPolicies, systemClock } from '@stowage/core'
import type { Engine, FsckReport, Ids, Limits, Rule, RulePolicy, StoredPolicies } from '@stowage/core'
import { memoryBackend } from '@stowage/core/backend'
import type { Backend } from '@stowage/core/backend'
import { sqliteMetadata } from '@stowage/core/sqlite'
import { attach, behindProxies } from '@stowage/http'
import type { NodeAdapterOptions } from '@stowage/http'
import { s3Handler } from '../src/index.ts'
import type { Credential } from '../src/index.ts'
import type { Jurisdiction } from '../src/index.ts'
import { Client } from './client.ts'
import type { KeyPair } from './signer.ts'

/** Two accounts. Everything that Ann makes is hers. */
export const ANN: KeyPair = { accessKeyId: 'ANNSKEY', secretAccessKey: 'the secret of Ann' }
const BOB: KeyPair = { accessKeyId: 'BOBSKEY', secretAccessKey: 'the secret of Bob' }
const ACCOUNTS = new Map([
  [ANN.accessKeyId, { pair: ANN, account: 'ann' }],
  [BOB.accessKeyId, { pair: BOB, account: 'bob' }],
])

/** The bucket that `openDoor` makes for Ann. */
export const BUCKET = 'photos'

const OWNERS: Rule = { effect: 'allow', who: { owner: true }, actions: 'all' }

export interface DoorOptions {
  readonly limits?: Partial<Limits>
  /** Besides that owners may do everything. */
  readonly rules?: readonly Rule[]
  /** Decides by what the store keeps instead: owners, bucket policies, row-level security. */
  readonly stored?: boolean
  readonly backend?: Backend
  /** Of keys besides those of the two accounts. */
  readonly credentials?: (accessKeyId: string) => Credential | null
  /** Default us-east-1. */
  readonly region?: string
  readonly domains?: readonly string[]
  readonly publicUrls?: readonly string[]
  readonly jurisdictions?: readonly Jurisdiction[]
  readonly redirects?: { readonly expiresInSeconds: number; readonly sizeMin: number }
  /** Default: none. */
  readonly trustedProxies?: readonly string[]
  /** How the server deals with slow clients. */
  readonly http?: NodeAdapterOptions
  readonly server?: ServerOptions
}

/** A server of the S3 door in this process, over a real engine, store and backend. */
export interface Door {
  readonly port: number
  readonly engine: Engine
  readonly policy: RulePolicy
  /** What decides where `stored` was asked for. */
  readonly stored: StoredPolicies
  readonly ann: Client
  readonly bob: Client
  readonly anonymous: Client
  /** What the handler and the adapter called a fault of ours: empty, whatever clients do. */
  readonly faults: readonly unknown[]
  /** For tests that make one. */
  forgetFaults(): void
  /** Runs the collector as if the grace were over, then `fsck` with all bytes. No read may be open. */
  settle(): Promise<FsckReport>
  close(): Promise<void>
}

/** Small objects become blobs here, so that what is left of a refused one can be seen. Nothing waits for a grace. */
const LIMITS: Partial<Limits> = { inlineSizeMax: 16, garbageGraceSeconds: 0 }

/** The first id that an engine makes is its process's: heartbeats need it. */
function knownProcess(): { readonly ids: Ids; readonly processId: string } {
  const ids = createIds({ clock: systemClock })
  const processId = ids.uuid()
  let isFirst = true
  const uuid = (): string => {
    const id = isFirst ? processId : ids.uuid()
    isFirst = false
    return id
  }
  return { ids: { ...ids, uuid }, processId }
}

export async function openDoor(options: DoorOptions = {}): Promise<Door> {
  const metadata = sqliteMetadata({ temporary: true, worker: 'inline' })
  const backend = options.backend ?? memoryBackend()
  const policy = rules([OWNERS, ...(options.rules ?? [])])
  const stored = storedPolicies({ metadata })
  const { ids, processId } = knownProcess()
  const engine = await openEngine({
    metadata,
    backend,
    policy: options.stored === true ? stored : policy,
    ids,
    limits: { ...LIMITS, ...options.limits },
    hashWorkers: { threadsMax: 0 },
  })
  const faults: unknown[] = []
  const handler = s3Handler({
    engine,
    region: options.region ?? 'us-east-1',
    ...(options.domains === undefined ? {} : { domains: options.domains }),
    ...(options.jurisdictions === undefined ? {} : { jurisdictions: options.jurisdictions }),
    ...(options.publicUrls === undefined ? {} : { publicUrls: options.publicUrls }),
    ...(options.redirects === undefined ? {} : { redirects: options.redirects }),
    credentials: {
      find(id) {
        const known = ACCOUNTS.get(id)
        if (known === undefined) return options.credentials?.(id) ?? null
        return { id, version: '1', secretAccessKey: known.pair.secretAccessKey, caller: accountCaller(known.account, id) }
      },
    },
    observer: { event: (name, fields) => void faults.push({ name, ...fields }) },
  })
  const server = createServer({ requestTimeout: 0, ...options.server })
  const onFault = (error: unknown): void => void faults.push(error)
  attach(server, behindProxies(handler, options.trustedProxies ?? []), { onFault, lingerMilliseconds: 200, ...options.http })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await engine.as(accountCaller('ann')).createBucket({ bucket: { name: BUCKET } })
  return {
    port,
    engine,
    policy,
    stored,
    faults,
    forgetFaults: () => void faults.splice(0),
    ann: new Client(port, ANN),
    bob: new Client(port, BOB),
    anonymous: new Client(port, null),
    async settle() {
      // What was queued in this millisecond is not collected before the next heartbeat.
      await wait(2)
      await metadata.heartbeat({ processId, oldestReadAgeMs: null })
      await engine.collectGarbage()
      return fsck({ metadata, backends: { main: backend }, opened: true, deep: true })
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await engine.close()
    },
  }
}
