export { type JwtAlgorithm } from './jwt/jwt-algorithm.ts'
export { type JwtKeySource, localKeys } from './jwt/jwt-key-source.ts'
export { type JwtKey, jwtKeyFromJwk, jwtKeysFromJwks, jwtSecret, type JwtSecretOptions } from './jwt/jwt-key.ts'
export { JwtVerifier, type JwtVerifierOptions, type VerifiedJwt } from './jwt/jwt-verifier.ts'
export { remoteKeys, type RemoteKeysOptions } from './jwt/remote-keys.ts'
export { VerifiedTokens, type VerifiedTokensOptions } from './jwt/verified-tokens.ts'
export {
  createOpaqueKey,
  isOpaqueKeyLike,
  type OpaqueKey,
  opaqueKeyDigest,
  type OpaqueKeyKind,
  readOpaqueKey,
} from './opaque-keys/opaque-key.ts'
export { type Role, roleCaller, type RoleCallerOptions, type Roles, SUPABASE_ROLES } from './roles.ts'
export {
  type AccessKeyInfo,
  type AccessKeyPage,
  type CreateAccessKeyInput,
  type CreateChildKeyInput,
  type KeyActor,
  type KeyCredential,
  type NewAccessKey,
} from './keys/access-key.ts'
export { newAccessKeyPair, type AccessKeyPair } from './keys/access-key-pair.ts'
export { type AccessKeyResolver, type AccessKeyResolverOptions, type ActiveKey } from './keys/access-key-resolver.ts'
export { AccessKeys, type AccessKeysOptions } from './keys/access-keys.ts'
export { type DocumentStore } from './keys/document-store.ts'
export { parentKeyIdOf } from './sts/parent-key-id.ts'
export { newAccessKeyIds, storedAccessKeyIds } from './stored/new-access-key-ids.ts'
export { givenMasterKeys } from './sealing/given-master-keys.ts'
export { type KeyProvider, type MasterKey } from './sealing/key-provider.ts'
export { masterKeyFile, type MasterKeyFile } from './sealing/master-key-file.ts'
export { openSecret, resealSecret, type SealedFor, sealSecret } from './sealing/seal-secret.ts'
export { TokenError, type TokenErrorCode } from './token-error.ts'
export { loggableKey, type LoggableKey } from './opaque-keys/loggable-key.ts'
export {
  decideRestCredentials,
  type DecideRestCredentialsOptions,
  type PresentedKey,
  type RestCredentials,
  type RestDecision,
  type RestRefusal,
} from './rest/decide-rest-credentials.ts'
export { isBrowser } from './rest/is-browser.ts'
export { type OpaqueKeyFinder, restCaller, type RestCallerOptions, type RestIdentity, type StoredOpaqueKey } from './rest/rest-caller.ts'
export { userCaller, type UserCallerOptions } from './user-caller.ts'
export {
  firstCredential,
  type FoundS3Credential,
  type S3Credential,
  type S3CredentialRefusal,
  type S3CredentialResolver,
  type S3SigningSecret,
} from './s3/s3-credential.ts'
export { sessionTokenCredentials, type SessionTokenCredentialsOptions } from './s3/session-token-credentials.ts'
export {
  createUrlToken,
  type UrlTokenContext,
  type UrlTokenInput,
  type UrlTokenRequest,
  type UrlTokenTarget,
  type UrlTokenUse,
  type VerifiedUrlToken,
  verifyUrlToken,
} from './signed-urls/url-token.ts'
export {
  type DerivedKeys,
  type TokenKeys,
  tokenKeys,
  type TokenKeysOptions,
  type TokenPurpose,
  type TokenSecret,
} from './tokens/token-keys.ts'
export { parseR2AccessPolicies } from './r2/r2-access-policies.ts'
export { r2LocalCredentials, type R2LocalCredentialsOptions } from './r2/r2-local-credentials.ts'
export { type R2Permission, r2PermissionScope } from './r2/r2-permissions.ts'
export { issueR2Temporary, type IssueR2Temporary } from './r2/r2-temporary-credentials.ts'
export { parseR2TemporaryRequest, type R2TemporaryRequest } from './r2/r2-temporary-request.ts'
export { createR2Token, r2SecretAccessKey, type R2Token } from './r2/r2-token.ts'
export { isTemporaryAccessKeyId } from './sts/access-key-id.ts'
export { MemoryRevocations, type RevocableCredential, type Revocation, type RevocationList } from './sts/revocations.ts'
export { StsError, type StsErrorCode, type StsParameters, type StsRequest, type StsResult } from './sts/sts-request.ts'
export {
  type IssueFromKey,
  type ParentFinder,
  type ParentKey,
  TemporaryCredentials,
  type TemporaryCredentialsOptions,
} from './sts/temporary-credentials.ts'
export { temporaryMasterKeys } from './sealing/temporary-master-keys.ts'
export { parseSessionPolicy } from './sts/parse-session-policy.ts'
export type { OpaqueKeyInfo } from './opaque-keys/opaque-key-record.ts'
export { type CreateOpaqueKeyInput, type NewOpaqueKey, type OpaqueKeys, type RotateOptions } from './opaque-keys/opaque-keys.ts'
export type {
  CreateProjectInput,
  LegacyKeys,
  ProjectInfo,
  ProjectSecretInfo,
  ProjectSettings,
  RotateSecretOptions,
} from './projects/project.ts'
export type { RemoteKeysSettings } from './projects/project-verifier.ts'
export { type NewProject, type OpenedProject, type Projects } from './projects/projects.ts'
export type { R2TokenInfo } from './r2/r2-token-record.ts'
export { type CreateR2TokenInput, type R2Tokens } from './r2/r2-tokens.ts'
export { StoredCredentials, type StoredCredentialsOptions } from './stored/stored-credentials.ts'
export { type StoredPartsOptions } from './stored/stored-parts.ts'
export { type StoredRevocations } from './sts/stored-revocations.ts'
export { type TokenSecrets } from './tokens/token-secrets.ts'
