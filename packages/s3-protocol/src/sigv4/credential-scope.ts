import type { Malformed } from './signed-headers.ts'

/** What a signing key is good for: one day, one region, one service. */
export interface CredentialScope {
  /** YYYYMMDD. */
  readonly date: string
  /** As the client wrote it; may be empty. */
  readonly region: string
  readonly service: string
}

/** The value of `Credential=`, taken apart. */
export interface ScopedCredential {
  readonly accessKeyId: string
  readonly scope: CredentialScope
}

/** Reads `KEY/YYYYMMDD/region/service/aws4_request`; null for anything else. An access key id holds no slash here. */
export function parseScopedCredential(text: string): ScopedCredential | null {
  const [accessKeyId, date, region, service, terminator, ...rest] = text.split('/')
  if (accessKeyId === undefined || date === undefined || region === undefined || service === undefined) return null
  if (terminator !== 'aws4_request' || rest.length > 0) return null
  if (!/^[\x21-\x7e]{1,128}$/.test(accessKeyId) || !/^[0-9]{8}$/.test(date)) return null
  return { accessKeyId, scope: { date, region, service } }
}

/** The scope as it stands in a string to sign. */
export function formatScope(scope: CredentialScope): string {
  return `${scope.date}/${scope.region}/${scope.service}/aws4_request`
}

/** Fails where a scope is not of our service, or not of one of these regions; null takes any that could be one. The first is the one that a client is told. */
export function checkScope({ region, service }: CredentialScope, regions: readonly string[] | null, malformed: Malformed): void {
  if (service !== 's3') throw malformed('incorrect service; this endpoint belongs to "s3"')
  checkRegion({ region }, regions, malformed)
}

/** No vendor's region is spelt otherwise, or longer. */
const REGION = /^[a-z0-9-]{0,64}$/

/** Fails where a scope is not of one of these regions; null takes any that could be one. The first is the one that a client is told. */
export function checkRegion({ region }: Pick<CredentialScope, 'region'>, regions: readonly string[] | null, malformed: Malformed): void {
  if (regions === null) {
    if (REGION.test(region)) return
    throw malformed('the region is made of a-z, 0-9 and hyphens, 64 at most')
  }
  if (regions.includes(region)) return
  const expected = regions[0] ?? ''
  throw malformed(`the region '${region}' is wrong; expecting '${expected}'`, { Region: expected })
}
