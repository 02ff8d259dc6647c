import type { DocumentId } from '@stowage/core/metadata'

/** The document of a store that is one tenant's of many, and says whose. Its bytes are the server's. */
export const TENANT_STORE: DocumentId = { kind: 'gateway.tenant-store', id: 'main' }
