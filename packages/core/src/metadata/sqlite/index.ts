export { sqliteMetadata } from './sqlite-metadata.ts'
export type { SqliteMetadataOptions } from './sqlite-metadata.ts'
export { sqliteWriters } from './sqlite-writers.ts'
export type { SqliteWriters, SqliteWritersOptions } from './sqlite-writers.ts'
