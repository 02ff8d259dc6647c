import { readFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import { S3Client } from '@aws-sdk/client-s3'
import { AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import type { Target, WebIdentity } from './client.ts'

/** A credential as the SDK takes it. */
export interface SdkCredential {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** The AWS SDK with its own defaults, checksums included. Destroy it. */
export async function sdkClient(target: Target): Promise<S3Client> {
  const { endpoint, region, caFile, webIdentity } = target
  return new S3Client({
    endpoint,
    region,
    credentials: webIdentity === undefined ? credentialOf(target) : () => assumeRole(target, webIdentity),
    forcePathStyle: true,
    ...(caFile === null ? {} : { requestHandler: { httpsAgent: new Agent({ ca: await readFile(caFile), keepAlive: true }) } }),
  })
}

/** Makes a temporary credential from a web identity, with the SDK. */
export async function assumeRole({ endpoint, region }: Target, { roleArn, tokenFile }: WebIdentity): Promise<SdkCredential> {
  // Nobody signs this request: the token speaks for itself.
  const sts = new STSClient({ endpoint, region, credentials: { accessKeyId: 'none', secretAccessKey: 'none' } })
  try {
    const WebIdentityToken = await readFile(tokenFile, 'utf8')
    const command = new AssumeRoleWithWebIdentityCommand({ RoleArn: roleArn, RoleSessionName: 'clients', WebIdentityToken })
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = (await sts.send(command)).Credentials ?? {}
    return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken }
  } finally {
    sts.destroy()
  }
}

function credentialOf({ accessKeyId, secretAccessKey, sessionToken }: Target): SdkCredential {
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
}
