import type { MetadataStore } from '@stowage/core'

/** The part of a metadata store that keys are kept in. An engine opens and closes it: use it in between. */
export type DocumentStore = Pick<MetadataStore, 'policyVersion' | 'readDocument' | 'listDocuments' | 'writeDocuments'>
