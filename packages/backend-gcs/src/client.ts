import type { ParsedOptions } from './options.ts'

/** What we need of a `File` of `@google-cloud/storage`: that it signs URLs. */
export interface GcsFileLike {
  /** Resolves with the URL as the only element. */
  getSignedUrl(request: SignedUrlRequest): Promise<readonly string[]>
}

/** A URL to be signed, in the vendor's words. */
export interface SignedUrlRequest {
  readonly version: 'v4'
  readonly action: 'read'
  readonly accessibleAt: Date
  readonly expires: Date
  /** The `content-type` of the answer. */
  readonly responseType?: string
}

/**
 * What we need of a `Storage` of `@google-cloud/storage`: who we are to the service, where the service is, and signatures. A
 * client that you have made yourself fits as it is.
 *
 * The bytes do not go through it. Its streams cannot be aborted by a signal, and whether it retries is one switch that all calls
 * of a client share and turn while others run (docs/decisions/0014-bytes-to-google-by-our-own-hand.md).
 */
export interface GcsClientLike {
  /** Scheme, host and port of the service. */
  readonly apiEndpoint: string
  /** Whether that is not Google's own; then requests carry no credentials, unless the next field says so. */
  readonly customEndpoint?: boolean
  readonly useAuthWithCustomEndpoint?: boolean | undefined
  readonly authClient: {
    /** The headers that say who asks: of credentials that are renewed before they expire. */
    getRequestHeaders(url: string): Promise<Iterable<readonly [string, string]>>
  }
  bucket(name: string): { file(name: string): GcsFileLike }
}

/**
 * The caller's client, or one made of the options. The vendor's code is loaded here, when a backend is made ready: it takes a
 * third of a second, and nothing of it where the caller brings a client.
 */
export async function openClient(options: ParsedOptions): Promise<GcsClientLike> {
  if (options.client !== undefined) return options.client
  const { Storage } = await import('@google-cloud/storage')
  const { apiEndpoint, projectId, credentials, keyFilename } = options
  return new Storage({
    useAuthWithCustomEndpoint: options.authenticate,
    ...(apiEndpoint === undefined ? {} : { apiEndpoint }),
    ...(projectId === undefined ? {} : { projectId }),
    ...(credentials === undefined ? {} : { credentials: { ...credentials } }),
    ...(keyFilename === undefined ? {} : { keyFilename }),
  })
}
