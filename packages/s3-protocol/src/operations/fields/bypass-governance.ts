import { S3Error } from '../../s3-error.ts'
import type { S3Headers } from '../../s3-headers.ts'

const NAME = 'x-amz-bypass-governance-retention'

/** Reads `x-amz-bypass-governance-retention`: whether a retention in governance mode is to be passed over. Who may do that is for the policy to say. */
export function readBypassGovernance(headers: S3Headers): { readonly bypassGovernance?: true } {
  const value = headers.get(NAME)?.toLowerCase()
  if (value === undefined || value === 'false') return {}
  if (value === 'true') return { bypassGovernance: true }
  throw new S3Error('InvalidArgument', `The value of ${NAME} is true or false.`, { fields: { ArgumentName: NAME } })
}
