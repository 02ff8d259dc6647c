import { newAccessKeyIds } from '@stowage/credentials'
import type { DocumentStore } from '@stowage/credentials'
import type { MetadataStore } from '@stowage/core'

/**
 * A tenant's documents as its credentials use them: a key that is made is noted as this tenant's before it is written, so that none works that
 * the server would not find. `register` says false for one that is another tenant's: that answers as if it were taken here.
 */
export function withRegisteredKeys(metadata: MetadataStore, register: (ids: readonly string[]) => Promise<boolean>): DocumentStore {
  return {
    policyVersion: () => metadata.policyVersion(),
    readDocument: (query) => metadata.readDocument(query),
    listDocuments: (query) => metadata.listDocuments(query),
    async writeDocuments(command) {
      const ids = newAccessKeyIds(command.writes)
      if (ids.length === 0 || (await register(ids))) return metadata.writeDocuments(command)
      const taken = command.writes.find(({ id }) => ids.includes(id.toLowerCase()))
      return { outcome: 'conflict', kind: taken?.kind ?? '', id: taken?.id ?? '', version: null }
    },
  }
}
