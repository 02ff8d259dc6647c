/** Where a test with the number of a defect in its name is; or why there is none yet. */
type Row = readonly string[] | { readonly notYet: string }

const MATRIX = 'packages/s3-protocol/test/matrix/matrix.test.ts'
const SIGNATURES = 'packages/s3-protocol/test/defects/signatures.test.ts'
const ACCESS = 'packages/s3-protocol/test/defects/access.test.ts'
const INPUTS = 'packages/s3-protocol/test/defects/inputs.test.ts'
const FORMS = 'packages/s3-protocol/test/post-object.test.ts'
const STS = 'packages/s3-protocol/test/sts.test.ts'

/**
 * Defects that others have had, by the numbers of the specification's catalogue, which says what each was. Every one has a test of its
 * name where it could be ours.
 */
export const DEFECTS: Readonly<Record<string, Row>> = {
  D01: [SIGNATURES],
  D02: [SIGNATURES],
  D03: [MATRIX],
  D04: [MATRIX],
  D05: [SIGNATURES, MATRIX],
  D06: ['packages/s3-protocol/test/hostile/chunk-framing.test.ts', 'packages/s3-protocol/test/payloads.test.ts'],
  D07: [MATRIX],
  D08: [MATRIX],
  D09: [SIGNATURES],
  D10: ['packages/s3-protocol/test/hostile/chunk-framing.test.ts'],
  D11: ['packages/s3-protocol/src/sigv4/chunk-decoder.test.ts'],
  D12: [SIGNATURES],
  D13: [SIGNATURES, MATRIX],
  D14: [SIGNATURES],
  D15: [SIGNATURES, 'packages/s3-protocol/test/hostile/signatures.test.ts'],
  D16: [FORMS],
  D17: [FORMS],
  D18: [FORMS, MATRIX],
  D19: [FORMS],
  D20: ['packages/core/src/policy/intersect-scopes.test.ts'],
  D21: { notYet: 'policies are imported by the operator on the command line alone: no door takes them' },
  D22: [STS],
  D23: ['packages/credentials/src/keys/access-keys.test.ts'],
  D24: ['packages/core/src/policy/policy-set.test.ts', 'packages/s3-protocol/test/bucket-policies.test.ts'],
  D25: [ACCESS],
  D26: [ACCESS],
  D27: [ACCESS],
  D28: { notYet: 'there is no TUS door: resumable uploads are reached by none' },
  D29: [ACCESS],
  D30: [ACCESS],
  D31: [ACCESS],
  D32: ['packages/s3-protocol/test/matrix/actions.test.ts', MATRIX],
  D33: ['packages/core/src/policy/bucket-policy/parse-bucket-policy.test.ts'],
  D34: [ACCESS],
  D35: [ACCESS, 'packages/core/test/policy-listing.test.ts'],
  D36: [ACCESS],
  D37: { notYet: 'there is no object lock: a bucket cannot have it, and headers that ask for it are answered 501' },
  D38: ['packages/credentials/src/keys/access-key-resolver.test.ts'],
  D39: [STS],
  D40: [ACCESS],
  D41: ['packages/credentials/src/jwt/jwt-verifier.test.ts'],
  D42: [STS],
  D43: ['packages/credentials/src/signed-urls/url-token.test.ts'],
  D44: ['packages/s3-protocol/test/matrix/equivalence.test.ts'],
  D45: { notYet: 'there is no TUS door, and no key for administration: that is done on a socket of the file system' },
  D46: [INPUTS],
  D47: ['packages/backend-fs/src/paths.test.ts'],
  D48: ['packages/credentials/src/jwt/remote-keys.test.ts'],
  D49: [INPUTS],
  D50: [INPUTS],
  D51: [INPUTS],
  D52: [INPUTS],
  D53: [INPUTS],
  D54: [INPUTS],
  D55: [INPUTS],
  D56: ['packages/core/src/policy/bucket-policy/wildcard.test.ts'],
  D57: ['packages/s3-protocol/src/route.test.ts', MATRIX],
  D58: [INPUTS],
  D59: { notYet: 'there is no backend on another server' },
  D60: { notYet: 'there is no door for signed upload URLs; writes that must not replace anything are decided in the commit' },
}
