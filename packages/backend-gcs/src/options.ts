import { StorageError, systemClock } from '@stowage/core/backend'
import type { Clock } from '@stowage/core/backend'
import type { GcsClientLike } from './client.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** Sizes of chunks of a resumable upload are multiples of this many bytes (Cloud Storage, "Perform resumable uploads"). */
export const CHUNK_UNIT: number = 256 * KIB

/** The key of a service account, as its JSON file has it. */
export interface GcsCredentials {
  readonly client_email: string
  readonly private_key: string
}

/** Options of `gcsBackend`. */
export interface GcsBackendOptions {
  /** The bucket, which is there already. */
  readonly bucket: string
  /** What the names of all objects begin with; a slash is put behind it where there is none. Default: nothing. */
  readonly prefix?: string
  /** A `Storage` of `@google-cloud/storage`, or what looks like one; then the next five options are its own business. */
  readonly client?: GcsClientLike
  /** Where the service is, if not at Google's: an emulator, a private endpoint. A URL without a path. */
  readonly apiEndpoint?: string
  /**
   * Whether requests carry credentials. Default: yes, but for an `apiEndpoint` outside googleapis.com that no credentials were
   * given for: emulators want none, and a token is nothing to send to strangers.
   */
  readonly authenticate?: boolean
  /** The project. Needed by nothing here; emulators may ask for it. */
  readonly projectId?: string
  /** Default: the vendor's chain (GOOGLE_APPLICATION_CREDENTIALS, gcloud's own, the metadata server). */
  readonly credentials?: GcsCredentials
  /** A file with such credentials, by its absolute path. For both of these the vendor's library prints a line of advice to stderr. */
  readonly keyFilename?: string
  /**
   * The bytes of one chunk of a resumable upload, a multiple of 256 KiB. A put holds at most two chunks: one is sent while the
   * next comes in. Default: 16 MiB.
   */
  readonly chunkSize?: number
  /** A blob of at most this many bytes goes up in one request; at most `chunkSize`. Default: 8 MiB, or `chunkSize` where that is less. */
  readonly resumableThreshold?: number
  /** The largest blob, in bytes. Default and most: 5 TiB, Cloud Storage's own limit. */
  readonly blobSizeMax?: number
  /** How often a request is tried, and how often in a row a read is taken up again where it broke off: 1 to 20. Default: 6. */
  readonly attemptsMax?: number
  /** The longest wait before the second try, in seconds; it doubles each time. Default: 0.25. */
  readonly retryDelaySeconds?: number
  /** The longest wait between two tries, in seconds, whatever the service asks for. Default: 16. */
  readonly retryDelayMaxSeconds?: number
  /**
   * How long a connection may be silent while a request is under way, connecting included, in seconds; and how long the reader of a blob may
   * pause before its connection is given up, to be made anew when it goes on. Default: 60.
   */
  readonly idleTimeoutSeconds?: number
  /** How many connections there are at most. A read holds one until it has ended or pauses for long; further requests wait, as long as a connection may be silent. Default: 512. */
  readonly connectionsMax?: number
  /** How many deletions, or compositions, one call has under way. Default: 16. */
  readonly concurrency?: number
  /** Whether `presigning` is offered: URLs that nobody can take back before they expire. Default: no. */
  readonly presigning?: boolean
  /** Hears, in `init`, what the bucket's own settings will cost or refuse (soft delete, versions, retention). Default: nobody. */
  readonly onWarning?: (warning: string) => void
  /** When a signed URL begins to be good. Default: the system's clock. */
  readonly clock?: Clock
}

type Optional = 'client' | 'apiEndpoint' | 'projectId' | 'credentials' | 'keyFilename' | 'onWarning'

/** The options, checked and complete. */
export type ParsedOptions = Required<Omit<GcsBackendOptions, Optional>> & Pick<GcsBackendOptions, Optional>

const BLOB_SIZE_MAX = 5 * 1024 ** 4

const DEFAULTS: Omit<ParsedOptions, Optional | 'bucket' | 'authenticate' | 'resumableThreshold'> = {
  prefix: '',
  chunkSize: 16 * MIB,
  blobSizeMax: BLOB_SIZE_MAX,
  attemptsMax: 6,
  retryDelaySeconds: 0.25,
  retryDelayMaxSeconds: 16,
  idleTimeoutSeconds: 60,
  connectionsMax: 512,
  concurrency: 16,
  presigning: false,
  clock: systemClock,
}

const OTHERS: readonly string[] = [
  'bucket',
  'authenticate',
  'resumableThreshold',
  'client',
  'apiEndpoint',
  'projectId',
  'credentials',
  'keyFilename',
  'onWarning',
]

/** Leaves room in the 1,024 bytes of a name for the longest blob key. */
const PREFIX_LENGTH_MAX = 800
const PREFIX = /^[\w!.*'()-]+(?:\/[\w!.*'()-]+)*\/?$/

/** What a chunk may be at most: a request that is sent again must not take for ever. */
const CHUNK_SIZE_MAX = 1024 * MIB

/** Checks and completes the options; `InvalidArgument` says which one is wrong. The result is a frozen copy. */
export function parseOptions(options: GcsBackendOptions): ParsedOptions {
  for (const name of Object.keys(options)) {
    if (!(name in DEFAULTS) && !OTHERS.includes(name)) refuse(name, 'gcsBackend has no such option')
  }
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as unknown as GcsBackendOptions
  const chunkSize = given.chunkSize ?? DEFAULTS.chunkSize
  const parsed: ParsedOptions = {
    ...DEFAULTS,
    resumableThreshold: Math.min(8 * MIB, chunkSize),
    ...given,
    prefix: parsePrefix(given.prefix ?? ''),
    authenticate: given.authenticate ?? isOurs(given),
  }
  checkPlaces(parsed)
  checkNumbers(parsed)
  return Object.freeze(parsed)
}

function isOurs({ apiEndpoint, credentials, keyFilename }: GcsBackendOptions): boolean {
  if (apiEndpoint === undefined || credentials !== undefined || keyFilename !== undefined) return true
  return URL.canParse(apiEndpoint) && /(?:^|\.)googleapis\.com$/.test(new URL(apiEndpoint).hostname)
}

function checkPlaces({ bucket, apiEndpoint, client, credentials, keyFilename }: ParsedOptions): void {
  // The service's own rules are longer; what matters here is that the name is one segment of a path.
  if (typeof bucket !== 'string' || !/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(bucket)) refuse('bucket', "must be a bucket's name")
  if (apiEndpoint !== undefined && !isEndpoint(apiEndpoint)) refuse('apiEndpoint', 'must be an http or https URL without a path')
  const ours = { apiEndpoint, credentials, keyFilename }
  for (const [name, value] of Object.entries(ours)) {
    if (client !== undefined && value !== undefined) refuse(name, 'the client that was given has its own')
  }
  if (credentials !== undefined && keyFilename !== undefined) refuse('keyFilename', 'there are credentials already')
}

function parsePrefix(prefix: string): string {
  if (prefix === '') return ''
  const isSafe =
    typeof prefix === 'string' &&
    PREFIX.test(prefix) &&
    prefix.length <= PREFIX_LENGTH_MAX &&
    // Clients that download whole trees fall over them.
    !prefix.split('/').some((segment) => /^\.{1,2}$/.test(segment))
  if (!isSafe) refuse('prefix', "must be segments of [A-Za-z0-9_!.*'()-], divided by single slashes, and not begin with one")
  return prefix.endsWith('/') ? prefix : `${prefix}/`
}

function isEndpoint(endpoint: string): boolean {
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) return false
  const { protocol, pathname, search, hash, username, password } = new URL(endpoint)
  return /^https?:$/.test(protocol) && pathname === '/' && search + hash + username + password === ''
}

function checkNumbers(options: ParsedOptions): void {
  const { chunkSize, resumableThreshold, blobSizeMax } = options
  if (!isCount(chunkSize, 1, CHUNK_SIZE_MAX) || chunkSize % CHUNK_UNIT !== 0) {
    refuse('chunkSize', `must be a number of bytes that ${CHUNK_UNIT} divides, ${CHUNK_SIZE_MAX} at most`)
  }
  if (!isCount(resumableThreshold, 0, chunkSize)) refuse('resumableThreshold', 'must be a number of bytes, at most chunkSize')
  if (!isCount(blobSizeMax, 1, BLOB_SIZE_MAX)) refuse('blobSizeMax', `must be a number of bytes from 1 to ${BLOB_SIZE_MAX}`)
  if (!isCount(options.attemptsMax, 1, 20)) refuse('attemptsMax', 'must be a whole number from 1 to 20')
  if (!isCount(options.concurrency, 1, 1_000)) refuse('concurrency', 'must be a whole number from 1 to 1,000')
  if (!isCount(options.connectionsMax, 1, 65_536)) refuse('connectionsMax', 'must be a whole number from 1 to 65,536')
  for (const name of ['retryDelaySeconds', 'retryDelayMaxSeconds', 'idleTimeoutSeconds'] as const) {
    const min = name === 'idleTimeoutSeconds' ? 0.001 : 0
    if (!(options[name] >= min && options[name] <= 86_400)) refuse(name, 'must be a number of seconds, a day at most')
  }
  for (const name of ['authenticate', 'presigning'] as const) {
    if (typeof options[name] !== 'boolean') refuse(name, 'must be true or false')
  }
}

function isCount(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max
}

function refuse(argument: string, reason: string): never {
  throw new StorageError('InvalidArgument', { argument, reason })
}
