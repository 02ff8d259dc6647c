import type { Operation } from '../operation.ts'
import { defineOperation } from '../operation.ts'
import { S3Error } from '../s3-error.ts'
import { childText, readXml } from '../xml/read.ts'

const VERSIONINGS: ReadonlyMap<string, 'enabled' | 'suspended'> = new Map([
  ['Enabled', 'enabled'],
  ['Suspended', 'suspended'],
])

/** API_PutBucketVersioning. Without MFA delete, which would be a protection that we do not give. */
export const putBucketVersioning: Operation = defineOperation({
  name: 'PutBucketVersioning',
  engineName: 'PutBucketVersioning',
  match: { method: 'PUT', on: 'bucket', query: { versioning: true } },
  payload: 'document',
  lacks: ['MFA delete'],
  decode(request) {
    const root = readXml(request.body, 'VersioningConfiguration')
    const mfa = childText(root, 'MfaDelete')?.trim() ?? 'Disabled'
    if (mfa !== 'Disabled') throw new S3Error('NotImplemented', 'MFA delete is not implemented.')
    const versioning = VERSIONINGS.get(childText(root, 'Status')?.trim() ?? '')
    if (versioning === undefined) {
      throw new S3Error(
        'IllegalVersioningConfigurationException',
        'The Versioning element must be specified: Status is Enabled or Suspended.',
      )
    }
    return { bucket: request.bucket, versioning, signal: request.signal }
  },
  run: (session, input) => session.setVersioning(input),
  encode: () => ({ status: 200, headers: [['content-length', '0']], body: null }),
})
