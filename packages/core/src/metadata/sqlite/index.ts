export { sqliteMetadata } from './sqlite-metadata.ts'
export type { SqliteMetadataOptions } from './sqlite-metadata.ts'
