/** That a tenant is not to be used: `deleting` where it is gone, too. */
export class TenantClosedError extends Error {
  override readonly name = 'TenantClosedError'
  readonly state: 'suspended' | 'deleting'

  constructor(state: 'suspended' | 'deleting') {
    super(state === 'suspended' ? 'The tenant is suspended.' : 'The tenant is gone, or is being deleted.')
    this.state = state
  }
}
