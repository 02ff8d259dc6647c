export {
  createOpaqueKey,
  isOpaqueKeyLike,
  type OpaqueKey,
  opaqueKeyDigest,
  type OpaqueKeyKind,
  readOpaqueKey,
} from './opaque-keys/opaque-key.ts'
export { type Role, roleCaller, type RoleCallerOptions, type Roles, SUPABASE_ROLES } from './roles.ts'
