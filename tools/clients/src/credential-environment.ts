import type { Target } from './client.ts'

/** The credential of a target as AWS's own programs and libraries read it from the environment. */
export function credentialEnvironment(target: Target): Readonly<Record<string, string>> {
  const { accessKeyId, secretAccessKey, sessionToken, webIdentity, endpoint } = target
  if (webIdentity === undefined) {
    const token: Readonly<Record<string, string>> = sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }
    return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, ...token }
  }
  return {
    AWS_ROLE_ARN: webIdentity.roleArn,
    AWS_ROLE_SESSION_NAME: 'clients',
    AWS_WEB_IDENTITY_TOKEN_FILE: webIdentity.tokenFile,
    AWS_ENDPOINT_URL_STS: endpoint,
  }
}
