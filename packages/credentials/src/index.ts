export {
  createOpaqueKey,
  isOpaqueKeyLike,
  type OpaqueKey,
  opaqueKeyDigest,
  type OpaqueKeyKind,
  readOpaqueKey,
} from './opaque-keys/opaque-key.ts'
export { type Role, roleCaller, type RoleCallerOptions, type Roles, SUPABASE_ROLES } from './roles.ts'
export { givenMasterKeys } from './sealing/given-master-keys.ts'
export { type KeyProvider, type MasterKey } from './sealing/key-provider.ts'
export { masterKeyFile, type MasterKeyFile } from './sealing/master-key-file.ts'
export { openSecret, resealSecret, type SealedFor, sealSecret } from './sealing/seal-secret.ts'
