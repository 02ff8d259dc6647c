import { Agent } from 'node:http'
import type { LookupFunction } from 'node:net'
import { S3Client } from '@aws-sdk/client-s3'
import type { AccessKeyPair } from '@stowage/credentials'
import { temporaryMasterKeys } from '@stowage/credentials'
import { onTestFinished } from 'vitest'
import { assembleTenants } from '../src/serving/assemble-tenants.ts'
import type { AssembledTenants, AssembleTenantsOptions } from '../src/serving/assemble-tenants.ts'
import { startServer } from '../src/serving/start-server.ts'
import { TenantRounds } from '../src/tenants/tenant-rounds.ts'
import type { AssembledTenant } from '../src/serving/assemble-tenants.ts'
import { temporaryDirectory } from './stowage-process.ts'

/** Below it the hosts of the tests' tenants are. */
export const DOMAIN = 's3.test'

/** A server with tenants in this process; it ends with the test. */
export interface TenantServer extends AssembledTenants {
  readonly endpoint: string
  readonly directory: string
  readonly faults: unknown[]
  readonly rounds: TenantRounds<AssembledTenant>
  /** Makes a tenant, and a client that finds it by its key. */
  readonly make: (name: string, requestsMax?: number) => Promise<{ readonly key: AccessKeyPair; readonly client: S3Client }>
  /** A client that signs with this key, for this host. Default: an address that is nobody's host. */
  readonly clientOf: (key: Shown, host?: string) => S3Client
  readonly stop: () => Promise<void>
}

/** What a test may set; the limits are small. */
export type TenantServerOptions = Partial<Omit<AssembleTenantsOptions, 'limits'>> & {
  readonly openMax?: number
  readonly requestsMax?: number
}

export async function startTenantServer({ openMax = 16, requestsMax = 64, ...more }: TenantServerOptions = {}): Promise<TenantServer> {
  const directory = more.directory ?? (await temporaryDirectory())
  const faults: unknown[] = []
  const assembled = await assembleTenants({
    masterKeys: temporaryMasterKeys(),
    region: 'us-east-1',
    tenantDomain: DOMAIN,
    observer: { event: (name, { error }) => void (name === 'fault' && faults.push(error)) },
    ...more,
    directory,
    limits: { tenantsOpenMax: openMax, tenantIdleSeconds: 300, tenantRequestsMax: requestsMax },
  })
  const server = await startServer(assembled.handler, { host: '127.0.0.1', port: 0 })
  const rounds = new TenantRounds({
    tenants: assembled.tenants,
    everySeconds: 3600,
    hearEverySeconds: null,
    openedMax: 32,
    openMax: 8,
    take: assembled.takeRound,
    onFault: (error) => void faults.push(error),
  })
  let stopping: Promise<void> | null = null
  const stop = async (): Promise<void> => {
    await rounds.stop()
    await server.stop(0)
    await assembled.close()
  }
  const stopOnce = (): Promise<void> => (stopping ??= stop())
  onTestFinished(stopOnce)
  const clientAt = (key: Shown, host?: string): S3Client => clientFor({ endpoint: server.endpoint, key, host })
  return {
    ...assembled,
    endpoint: server.endpoint,
    directory,
    faults,
    rounds,
    clientOf: clientAt,
    async make(name, max) {
      const { key } = await assembled.tenants.create({ name, hosts: [], requestsMax: max ?? null })
      let client: S3Client | null = null
      return {
        key,
        // Many tenants are never asked.
        get client() {
          return (client ??= clientAt(key))
        },
      }
    },
    stop: stopOnce,
  }
}

/** A key, or a temporary credential. */
type Shown = AccessKeyPair & { readonly sessionToken?: string }

interface ClientOptions {
  readonly endpoint: string
  readonly key: Shown
  readonly host: string | undefined
}

function clientFor({ endpoint, key, host }: ClientOptions): S3Client {
  const lookup: LookupFunction = (_host, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }])
  const client = new S3Client({
    endpoint: host === undefined ? endpoint : `http://${host}:${new URL(endpoint).port}`,
    region: 'us-east-1',
    credentials: key,
    forcePathStyle: host === undefined,
    requestHandler: { httpAgent: new Agent({ lookup, keepAlive: true }) },
    maxAttempts: 1,
  })
  onTestFinished(() => client.destroy())
  return client
}
