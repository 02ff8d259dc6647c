export { postgresMetadata } from './postgres-metadata.ts'
export type { PostgresMetadataOptions } from './postgres-metadata.ts'
export type { PostgresClient, PostgresPool, PostgresQuery, PostgresResult } from './postgres-pool.ts'
