import type { Limits } from '@stowage/core'

/** A process that says nothing for two seconds is dead. */
export const LEASES: Partial<Limits> = { processLeaseSeconds: 2, heartbeatIntervalSeconds: 0.5 }
