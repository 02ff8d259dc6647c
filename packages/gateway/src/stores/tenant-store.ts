import type { DocumentId } from '@stowage/core/metadata'

/** The document of a store that is one tenant's of many, and says whose. Its bytes are the server's. */
export const TENANT_STORE: DocumentId = { kind: 'gateway.tenant-store', id: 'main' }

/** The folder of a server's data directory that has the SQLite files of its tenants, in a folder each. */
export const TENANTS_FOLDER = 'tenants'

/** Which tenants a server has, where that is not in Postgres: a file of its data directory. */
export const CONTROL_FILE = 'control.sqlite'
