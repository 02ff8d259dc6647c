import { S3Client } from '@aws-sdk/client-s3'
import type { ParsedOptions } from './options.ts'
import { patientAgents } from './patient-agents.ts'

/** What of a client of `@aws-sdk/client-s3` is used: `send`, and for presigned URLs its configuration. */
export type S3ClientLike = Pick<S3Client, 'send' | 'config' | 'middlewareStack'>

/** What requests are signed with. */
export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  /** When a function that gave them is asked again. */
  readonly expiration?: Date
}

/** The client, and how it is closed: one that was given in stays open. */
export interface ConnectedClient {
  readonly client: S3ClientLike
  destroy(): void
}

/** Says nothing: a library has no console, and what the vendor warns of here is in our options. */
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore }

function ignore(): void {
  // On purpose: see SILENT.
}

/** Makes the vendor's client as the options say; no request is made, and no file is read before the first one. */
export function connect(options: ParsedOptions): ConnectedClient {
  const { client: given, ...connection } = options.connection
  if (given !== undefined) return { client: given, destroy: ignore }
  const { credentials } = connection
  const agents = patientAgents(options)
  const client = new S3Client({
    ...connection,
    ...(credentials === undefined
      ? {}
      : { credentials: typeof credentials === 'function' ? async () => ({ ...(await credentials()) }) : { ...credentials } }),
    maxAttempts: options.attemptsMax,
    logger: SILENT,
    // We compute what goes up ourselves, while it is being collected, and check what comes down.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // A round trip for each part, to spare the upload of a few MiB where the service would refuse it.
    expectContinueHeader: false,
    requestHandler: {
      // Agents, not their options: with options the vendor's handler opens a new connection for some requests.
      httpAgent: agents.http,
      httpsAgent: agents.https,
      // Theirs: see patientAgents.
      connectionTimeout: 0,
      socketTimeout: options.idleTimeoutSeconds * 1000,
      requestTimeout: options.requestTimeoutSeconds * 1000,
      throwOnRequestTimeout: true,
      logger: SILENT,
    },
  })
  return { client, destroy: () => client.destroy() }
}
