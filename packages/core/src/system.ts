/* The subpath @stowage/core/system: what the operator's own tools need, and no protocol package may import. */
export { systemCaller, systemPrincipal } from './policy/system-principal.ts'
