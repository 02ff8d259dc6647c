import { S3Error } from '../s3-error.ts'
import type { FormFields } from './post-form.ts'
import type { PostCondition, PostPolicy } from './post-policy.ts'

/** Fields that no condition need name (AWS: sigv4-HTTPPOSTConstructPolicy). The file is none of the fields. */
const EXEMPT: ReadonlySet<string> = new Set(['policy', 'x-amz-signature'])

/** What a policy is held against. */
export interface PostedForm {
  readonly fields: FormFields
  /** The bucket that the form was posted to. It counts as a field, whatever a field of that name says (CVE-2023-43040). */
  readonly bucket: string
  readonly now: Date
}

/** Holds a form against the policy that was signed for it. Fails with `AccessDenied` as AWS says it. */
export function checkPostPolicy(policy: PostPolicy, { fields, bucket, now }: PostedForm): void {
  if (now >= policy.expiresAt) throw denied('Policy expired.')
  const submitted = new Map(fields).set('bucket', bucket)
  for (const condition of policy.conditions) {
    if (!holds(condition, submitted)) throw denied(`Policy Condition failed: ${condition.shown}`)
  }
  const named = new Set(policy.conditions.map(({ field }) => field))
  const extra = [...submitted.keys()].filter((name) => !named.has(name) && !EXEMPT.has(name) && !name.startsWith('x-ignore-'))
  if (extra.length > 0) throw denied(`Extra input fields: ${extra.join(', ')}`)
}

/** A field that did not come fulfils nothing, not even a beginning that is empty. */
function holds({ operator, field, value }: PostCondition, submitted: FormFields): boolean {
  const given = field === null ? undefined : submitted.get(field)
  if (given === undefined) return false
  if (operator === 'eq') return given === value
  // Of Content-Type, and of nothing else, each in a list must begin so.
  if (field === 'content-type') return given.split(',').every((type) => type.trimStart().startsWith(value))
  return given.startsWith(value)
}

function denied(reason: string): S3Error {
  return new S3Error('AccessDenied', `Invalid according to Policy: ${reason}`)
}
