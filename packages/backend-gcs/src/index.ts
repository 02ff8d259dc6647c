export { gcsBackend } from './gcs-backend.ts'
export type { GcsClientLike, GcsFileLike, SignedUrlRequest } from './client.ts'
export type { GcsBackendOptions, GcsCredentials } from './options.ts'
