export { s3Handler, type S3HandlerOptions } from './handler.ts'
export { type Jurisdiction } from './jurisdiction-from-host.ts'
export { S3Error, type S3ErrorCode, type S3ErrorOptions } from './s3-error.ts'
export type { Credential, CredentialRefusal, CredentialResolver, FoundCredential, SigningSecret } from './sigv4/credentials.ts'
