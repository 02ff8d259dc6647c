export { postgresMetadata } from './postgres-metadata.ts'
export type { PostgresMetadataOptions } from './postgres-metadata.ts'
export type { PostgresReplicaOptions } from './postgres-replica.ts'
export type { PostgresClient, PostgresPool, PostgresQuery, PostgresResult } from './postgres-pool.ts'
