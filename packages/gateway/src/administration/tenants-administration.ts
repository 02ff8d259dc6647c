import type { AccessKeyPair } from '@stowage/credentials'
import type { Tenant, TenantPlace } from '../tenants/tenant.ts'
import type { OpenTenant, Tenants } from '../tenants/tenants.ts'
import type { Administration } from './administration.ts'
import type { TenantRequest } from './tenant-request.ts'

/** A tenant as JSON. */
export interface ShownTenant extends Omit<Tenant, 'createdAt' | 'place'> {
  readonly place: TenantPlace
  readonly createdAt: string
  /** Whether it is open at the moment, in the process that answers. */
  readonly open: boolean
}

/** What became of it: a new tenant with the key of its owner, which is shown this once; tenants; or nothing more to say. */
export type TenantAnswer =
  | { readonly made: { readonly tenant: ShownTenant; readonly key: AccessKeyPair } }
  | { readonly tenants: readonly ShownTenant[] }
  | { readonly tenant: ShownTenant }
  | { readonly done: true }

/** What an operator asks of a server with tenants. */
export interface TenantsAdministration {
  /** Makes, lists, changes, suspends and deletes them. */
  ask(request: TenantRequest): Promise<TenantAnswer>
  /** Has one tenant's administration used, which is open meanwhile. Rejects where there is none of this name. */
  within<T>(name: string, use: (administration: Administration) => Promise<T>): Promise<T>
}

/** A tenant whose administration may be asked. */
export interface AdministeredTenant extends OpenTenant {
  readonly administration: Administration
}

/** Administers the tenants of a server. */
export function administerTenants<T extends AdministeredTenant>(tenants: Tenants<T>): TenantsAdministration {
  const shown = (tenant: Tenant): ShownTenant => ({ ...tenant, createdAt: tenant.createdAt.toISOString(), open: tenants.isOpen(tenant) })
  const find = async (name: string): Promise<Tenant> => {
    await tenants.catalogue.refresh()
    const tenant = tenants.catalogue.find(name)
    if (tenant === null) throw new Error(`There is no tenant ${name}.`)
    return tenant
  }
  return {
    async ask(request) {
      switch (request.do) {
        case 'create': {
          const { tenant, key } = await tenants.create(request)
          return { made: { tenant: shown(tenant), key } }
        }
        case 'list':
          await tenants.catalogue.refresh()
          return { tenants: tenants.catalogue.all.map(shown) }
        case 'show':
          return { tenant: shown(await find(request.name)) }
        case 'change':
          return { tenant: shown(await tenants.change(request.name, request)) }
        case 'suspend':
          return { tenant: shown(await tenants.suspend(request.name)) }
        case 'resume':
          return { tenant: shown(await tenants.resume(request.name)) }
        case 'place':
          return { tenant: shown(await tenants.place(request.name, request.place)) }
        case 'delete':
          await tenants.delete(request.name)
          return { done: true }
      }
    },
    async within(name, use) {
      // Closed again afterwards, where nobody else has it open: a suspended tenant is not to stay so.
      const lease = await tenants.use(await find(name), { passing: true, evenSuspended: true })
      try {
        return await use(lease.value.administration)
      } finally {
        lease.release()
      }
    },
  }
}

/** What an operator may ask of the server itself, where each tenant has an administration of its own. */
export function administrationOfServer(copyBackend: Administration['copyBackend']): Administration {
  let isCopying = false
  const refuse = (): Promise<never> => Promise.reject(new Error('This directory has tenants: say with --tenant which one is meant.'))
  const copyOnce: Administration['copyBackend'] = async (request, options) => {
    // Two at once would write the same blobs.
    if (isCopying) throw new Error('The bytes of this store are being copied already.')
    isCopying = true
    try {
      return await copyBackend(request, options)
    } finally {
      isCopying = false
    }
  }
  return {
    buckets: refuse,
    stat: refuse,
    fsck: refuse,
    keys: refuse,
    credentials: refuse,
    policies: refuse,
    backUp: refuse,
    copyBackend: copyOnce,
  }
}
