import type { Observer } from '@stowage/core'
import { needsReopening } from '../tenants/needs-reopening.ts'

/**
 * Says of each event of a tenant whose it is. A heartbeat that its store takes no more until it is opened again, as after the death of its thread,
 * wears the tenant out.
 */
export function tenantObserver(tenant: string, observer: Observer, wornOut: () => void): Observer {
  return {
    event(event, fields) {
      if (event === 'heartbeat.failed' && needsReopening(fields['error'])) wornOut()
      observer.event(event, { ...fields, tenant })
    },
  }
}
