export type { S3ClientLike, S3Credentials } from './client.ts'
export type { S3BackendOptions, S3Checksum } from './options.ts'
export { s3Backend } from './s3-backend.ts'
