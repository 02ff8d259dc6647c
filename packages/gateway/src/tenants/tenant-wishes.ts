/** What a new tenant is to be. */
export interface NewTenant {
  readonly name: string
  readonly hosts: readonly string[]
  /** Null for the server's default. */
  readonly requestsMax: number | null
}

/** What is to change of a tenant; null stays. */
export interface TenantChange {
  readonly hosts: readonly string[] | null
  readonly requestsMax: number | null
}
