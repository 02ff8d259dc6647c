import type { Observer } from '@stowage/core'
import type { HttpHandler, HttpRequest, HttpResponse } from '@stowage/http'
import { refuseRequest, S3Error } from '@stowage/s3-protocol'
import { OpenCacheFullError } from '../tenants/patience.ts'
import { RequestSlots } from '../tenants/request-slots.ts'
import { tenantOfRequest } from '../tenants/tenant-of-request.ts'
import type { FoundTenant } from '../tenants/tenant-of-request.ts'
import { TenantClosedError } from '../tenants/tenant-closed-error.ts'
import type { OpenTenant, Tenants } from '../tenants/tenants.ts'

/** A tenant whose door is open. */
export interface ServedTenant extends OpenTenant {
  /** The door, where buckets are sub-domains of these hosts. */
  readonly doorAt: (domains: readonly string[]) => HttpHandler
}

/** What the door of many tenants stands on. */
export interface TenantHandlerOptions<T extends ServedTenant> {
  /** Which there are, and their doors. */
  readonly tenants: Tenants<T>
  /** Below it the hosts of tenants are; null for none. */
  readonly domain: string | null
  /** Hosts of everybody, under which buckets are sub-domains. */
  readonly domains: readonly string[]
  /** All of these, in lower case: no tenant's, whatever hosts tenants have. */
  readonly serverDomains: readonly string[]
  /** Hears of faults of ours, as `fault`. */
  readonly observer: Observer
}

/** Finds whose request it is, and gives it to that tenant's door, which knows its own keys only; refuses what is nobody's. */
export function tenantHandler<T extends ServedTenant>(options: TenantHandlerOptions<T>): HttpHandler {
  const { tenants, domain, domains, serverDomains, observer } = options
  const slots = new RequestSlots()
  const serve = async (request: HttpRequest): Promise<HttpResponse> => {
    const found = await tenantOfRequest(request, { catalogue: tenants.catalogue, domain, serverDomains })
    const { tenant } = found
    // Who is being deleted is gone, for whoever asks.
    if (tenant === null || tenant.state === 'deleting') throw nobody(found)
    if (tenant.state === 'suspended') throw accountProblem()
    const free = slots.take(tenant.id, tenant.requestsMax)
    if (free === null) throw slowDown()
    let release = free
    try {
      const lease = await tenants.use(tenant)
      release = () => {
        lease.release()
        free()
      }
      const response = await lease.value.doorAt([...found.domains, ...domains])(request)
      return whenSent(response, release)
    } catch (error) {
      release()
      throw error
    }
  }
  return async (request) => {
    try {
      return await serve(request)
    } catch (error) {
      const refusal = refusalOf(error)
      const { response, isFault } = refuseRequest(request, refusal)
      if (isFault || (response.status >= 500 && !(refusal instanceof S3Error))) observer.event('fault', { requestId: null, error })
      return response
    }
  }
}

/** As AWS answers for the same: a key that nobody has, a host that is nobody's, a request without either. */
function nobody(found: FoundTenant): S3Error {
  if (found.tenant === null && found.because === 'key') {
    return new S3Error('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.')
  }
  return new S3Error('AccessDenied', 'Access Denied')
}

function refusalOf(error: unknown): unknown {
  if (error instanceof OpenCacheFullError) return slowDown(error)
  if (!(error instanceof TenantClosedError)) return error
  return error.state === 'suspended' ? accountProblem() : new S3Error('AccessDenied', 'Access Denied')
}

function accountProblem(): S3Error {
  return new S3Error('AccountProblem', 'There is a problem with your account that prevents the action from completing successfully.')
}

function slowDown(cause?: unknown): S3Error {
  return new S3Error('SlowDown', 'Please reduce your request rate.', { cause, headers: [['retry-after', '1']] })
}

/** Releases once the last byte of the answer is out, or nobody wants it any more: until then the tenant must stay open. */
function whenSent(response: HttpResponse, release: () => void): HttpResponse {
  const { body } = response
  if (body === null || body instanceof Uint8Array || body.destroyed) release()
  else for (const event of ['close', 'end', 'error'] as const) body.once(event, release)
  return response
}
