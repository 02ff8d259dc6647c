export { fsBackend } from './fs-backend.ts'
export type { Durability, FsBackendOptions } from './options.ts'
