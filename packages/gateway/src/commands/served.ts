import type { Observer } from '@stowage/core'
import type { HttpHandler } from '@stowage/http'
import type { Logger } from 'pino'
import type { Administration } from '../administration/administration.ts'
import type { TenantsAdministration } from '../administration/tenants-administration.ts'
import type { RootCredentials } from '../stores/root-credentials.ts'

/** What `stowage serve` serves, open: one store, or many tenants. */
export interface Served {
  readonly handler: HttpHandler
  /** Whether requests would be served: the metadata answers. */
  readonly isServing: () => Promise<boolean>
  readonly administration: Administration
  /** Null where there is one store. */
  readonly tenants: TenantsAdministration | null
  /** The credentials of the one store; null where each tenant has its own. */
  readonly credentials: RootCredentials | null
  /** Begins the work behind the requests; gives back what ends it. */
  readonly work: (log: Logger) => () => Promise<void>
  /** Waits for calls under way, then closes everything. */
  readonly close: () => Promise<void>
}

/** Garbage is collected so often. */
export const COLLECT_EVERY_SECONDS = 30

/** What becomes of credentials, and of tenants. */
const AUDITED = /^(?:access-key|project|opaque-key|r2-token|token-secrets|sts|tenant)\./

/** Faults of ours are worth a line, what becomes of keys and tenants, and what goes wrong in the background; what clients do is not. */
export function eventsTo(log: Logger): Observer {
  return {
    event(name, fields) {
      const tenant = 'tenant' in fields ? { tenant: fields['tenant'] } : {}
      if (name === 'fault') {
        log.error({ requestId: fields['requestId'], ...tenant, err: fields['error'] }, 'a request failed, and it was our fault')
      } else if (AUDITED.test(name)) log.info(fields, name)
      else if (name === 'job.failed') log.warn({ job: fields['job'], err: fields['error'] }, 'a job failed, it will be tried again')
      else if (name === 'job.taken-over' || name === 'job.lost') log.info(fields, name)
    },
  }
}
