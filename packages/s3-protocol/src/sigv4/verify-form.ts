import { S3Error } from '../s3-error.ts'
import { formatScope } from './credential-scope.ts'
import type { FormClaim } from './form-auth.ts'
import { UNSIGNED_PAYLOAD } from './payload-mode.ts'
import { signatureMatches } from './signing-key.ts'
import { verifySigner } from './verify-claim.ts'
import type { VerifiedClaim, VerifyClaimContext } from './verify-claim.ts'

/** Verifies the signature of a form: the policy as it came is all that is signed. Fails with an `S3Error` as `verifyClaim` does. */
export async function verifyFormClaim<C>(claim: FormClaim, context: VerifyClaimContext<C>): Promise<VerifiedClaim<C>> {
  const { accessKeyId, amzDate, policy, scope, sessionToken, signature } = claim
  const { credential, key } = await verifySigner({ accessKeyId, scope, sessionToken, presigned: true }, context, {
    attempt: (candidate) => ({ matches: signatureMatches(candidate.sign(policy), signature) }),
    mismatch: () =>
      new S3Error(
        'SignatureDoesNotMatch',
        'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
        { fields: { AWSAccessKeyId: accessKeyId, StringToSign: policy, SignatureProvided: signature } },
      ),
  })
  // Nothing was said of the bytes, and no chunk's signature follows this one.
  return { credential, payload: UNSIGNED_PAYLOAD, seed: { key, amzDate, scope: formatScope(scope), signature } }
}
