import { StorageError } from '@stowage/core/backend'
import type { S3ClientLike, S3Credentials } from './client.ts'

/** How bytes are held against what the service has received: `auto` finds out which of the two the service knows. */
export type S3Checksum = 'auto' | 'crc32' | 'md5'

/** Options of `s3Backend`. */
export interface S3BackendOptions {
  /** The bucket of the blobs. It must be there: `init` does not make it. */
  readonly bucket: string
  /** What the names of all objects begin with; a slash is put behind it where there is none. Default: nothing. */
  readonly prefix?: string
  /** The service, as `https://HOST[:PORT]`. Default: AWS. */
  readonly endpoint?: string
  /** Default: what the vendor's client finds (environment, configuration files). */
  readonly region?: string
  /** The bucket in the path instead of the host, as most services but AWS want it. Default: true where `endpoint` is given. */
  readonly forcePathStyle?: boolean
  /** Default: the vendor's chain (environment, configuration files, roles of the machine). */
  readonly credentials?: S3Credentials | (() => Promise<S3Credentials>)
  /** A client of `@aws-sdk/client-s3`, or what works like one, instead of the four above and the limits below. It stays open at `close`. */
  readonly client?: S3ClientLike
  /**
   * The size of the parts of a large blob, in bytes: 5 MiB to 1 GiB. A blob whose size is known gets larger ones where there would be more than
   * 10,000; one of unknown size ends there, at partSize × 10,000. Default: 8 MiB (and so 78 GiB).
   */
  readonly partSize?: number
  /** Blobs up to this size, in bytes, go up in one request, from memory: at most partSize × (concurrency + 1), and 1 GiB. Default: partSize. */
  readonly multipartThreshold?: number
  /** How many parts of one blob are on their way at once: 1 to 64. Default: 4. */
  readonly concurrency?: number
  /** The largest blob, in bytes: at most 1 GiB × 10,000. Default: 5 TiB. */
  readonly blobSizeMax?: number
  /** How often a request is tried, and how often in a row a read is taken up again where it broke off: 1 to 20. Default: 4. */
  readonly attemptsMax?: number
  /** How long it may take to connect, TLS included, in seconds. Default: 5. */
  readonly connectTimeoutSeconds?: number
  /** How long a connection may be silent while a request is under way, in seconds. Default: 60. */
  readonly idleTimeoutSeconds?: number
  /** How long a request may take to the head of its answer, its body and its wait for a connection included, in seconds. Default: 300. */
  readonly requestTimeoutSeconds?: number
  /** How many connections there are at most. A read holds one until it has ended; further requests wait, as long as a request may take. Default: 512. */
  readonly connectionsMax?: number
  /** Default: `auto`. */
  readonly checksum?: S3Checksum
  /** Whether the SHA-256 of what goes up is signed under TLS, too, as policies of a bucket may ask; it takes CPU. Default: false. */
  readonly signsBodies?: boolean
  /** Whether clients may be sent to the service for the bytes of a blob (`PresignFacet`). Default: false. */
  readonly presigning?: boolean
  /** Whether uploads that never finished are listed, for the collector. False for services that cannot list them. Default: true. */
  readonly unfinished?: boolean
  /** Whether all blobs of a join but the last must be of one size, as R2 wants it. Default: true. */
  readonly joinSizesEqual?: boolean
}

/** The options, complete. */
export interface ParsedOptions {
  /** What the client is made of, or is. */
  readonly connection: Pick<S3BackendOptions, 'endpoint' | 'region' | 'forcePathStyle' | 'credentials' | 'client'>
  /** The bucket. */
  readonly bucket: string
  /** Empty, or with a slash at its end. */
  readonly prefix: string
  /** The size of parts, in bytes. */
  readonly partSize: number
  /** In bytes. */
  readonly multipartThreshold: number
  /** Parts of one blob. */
  readonly concurrency: number
  /** In bytes. */
  readonly blobSizeMax: number
  /** Of one request. */
  readonly attemptsMax: number
  /** In seconds. */
  readonly connectTimeoutSeconds: number
  /** In seconds. */
  readonly idleTimeoutSeconds: number
  /** In seconds. */
  readonly requestTimeoutSeconds: number
  /** Of all requests. */
  readonly connectionsMax: number
  /** As the option. */
  readonly checksum: S3Checksum
  /** As the option. */
  readonly signsBodies: boolean
  /** As the option. */
  readonly presigning: boolean
  /** As the option. */
  readonly unfinished: boolean
  /** As the option. */
  readonly joinSizesEqual: boolean
}

const MIB = 1024 ** 2
/** What S3 takes as a part that is not the last. */
export const PART_SIZE_MIN: number = 5 * MIB
/** What S3 takes in one part, in one request, and in one copy. */
export const PART_SIZE_MAX: number = 5 * 1024 ** 3
/** Of the options, in bytes: what goes up is held in memory, and Node digests at most 2 GiB at once. */
const PART_SIZE_OPTION_MAX = 1024 ** 3
/** How many parts S3 takes. */
export const PART_COUNT_MAX = 10_000
/** Leaves room in the 1,024 bytes of a name for the longest blob key. */
const PREFIX_LENGTH_MAX = 800
const PREFIX = /^[\w!.*'()-]+(?:\/[\w!.*'()-]+)*\/?$/

/** A record, so that an option more is an error here until it is known. */
const KNOWN: Readonly<Record<keyof S3BackendOptions, true>> = {
  bucket: true,
  prefix: true,
  endpoint: true,
  region: true,
  forcePathStyle: true,
  credentials: true,
  client: true,
  partSize: true,
  multipartThreshold: true,
  concurrency: true,
  blobSizeMax: true,
  attemptsMax: true,
  connectTimeoutSeconds: true,
  idleTimeoutSeconds: true,
  requestTimeoutSeconds: true,
  connectionsMax: true,
  checksum: true,
  signsBodies: true,
  presigning: true,
  unfinished: true,
  joinSizesEqual: true,
}
const OF_CLIENT = ['endpoint', 'region', 'forcePathStyle', 'credentials', 'attemptsMax', 'connectionsMax'] as const
const TIMEOUTS = ['connectTimeoutSeconds', 'idleTimeoutSeconds', 'requestTimeoutSeconds'] as const

/** Checks and completes the options; `InvalidArgument` says which one is wrong. The result is a frozen copy. */
export function parseOptions(options: S3BackendOptions): ParsedOptions {
  for (const name of Object.keys(options)) if (!Object.hasOwn(KNOWN, name)) refuse(name, 's3Backend has no such option')
  const { bucket, checksum = 'auto', signsBodies = false, presigning = false, unfinished = true, joinSizesEqual = true } = options
  if (typeof bucket !== 'string' || !/^[\w.-]{1,255}$/.test(bucket)) refuse('bucket', 'must be the name of a bucket')
  if (!['auto', 'crc32', 'md5'].includes(checksum)) refuse('checksum', "must be 'auto', 'crc32' or 'md5'")
  for (const [name, value] of Object.entries({ signsBodies, presigning, unfinished, joinSizesEqual })) {
    if (typeof value !== 'boolean') refuse(name, 'must be true or false')
  }
  const partSize = wholeNumber('partSize', options.partSize ?? 8 * MIB, { min: PART_SIZE_MIN, max: PART_SIZE_OPTION_MAX })
  const concurrency = wholeNumber('concurrency', options.concurrency ?? 4, { min: 1, max: 64 })
  // One request holds the whole of such a blob: no more than a blob in parts would.
  const thresholdMax = Math.min(partSize * (concurrency + 1), PART_SIZE_OPTION_MAX)
  return Object.freeze({
    connection: parseConnection(options),
    bucket,
    prefix: parsePrefix(options.prefix ?? ''),
    partSize,
    multipartThreshold: wholeNumber('multipartThreshold', options.multipartThreshold ?? partSize, { min: 1, max: thresholdMax }),
    concurrency,
    blobSizeMax: wholeNumber('blobSizeMax', options.blobSizeMax ?? 5 * 1024 ** 4, { min: 1, max: PART_SIZE_OPTION_MAX * PART_COUNT_MAX }),
    attemptsMax: wholeNumber('attemptsMax', options.attemptsMax ?? 4, { min: 1, max: 20 }),
    connectTimeoutSeconds: seconds('connectTimeoutSeconds', options.connectTimeoutSeconds ?? 5),
    idleTimeoutSeconds: seconds('idleTimeoutSeconds', options.idleTimeoutSeconds ?? 60),
    requestTimeoutSeconds: seconds('requestTimeoutSeconds', options.requestTimeoutSeconds ?? 300),
    connectionsMax: wholeNumber('connectionsMax', options.connectionsMax ?? 512, { min: 1, max: 65_536 }),
    checksum,
    signsBodies,
    presigning,
    unfinished,
    joinSizesEqual,
  })
}

function parseConnection(options: S3BackendOptions): ParsedOptions['connection'] {
  const { endpoint, region, forcePathStyle = endpoint !== undefined, credentials, client } = options
  if (client !== undefined) {
    const doubled = [...OF_CLIENT, ...TIMEOUTS].find((name) => options[name] !== undefined)
    if (doubled !== undefined) refuse(doubled, 'is a matter of the client that was given')
    if (typeof client.send !== 'function') refuse('client', 'must be a client of @aws-sdk/client-s3')
    return { client }
  }
  if (endpoint !== undefined && !/^https?:\/\/[^\s/?#@]+\/?$/.test(endpoint)) {
    refuse('endpoint', 'must be http:// or https://, a host and perhaps a port; credentials are an option of their own')
  }
  if (region !== undefined && (typeof region !== 'string' || region === '')) refuse('region', 'must be the name of a region')
  if (typeof forcePathStyle !== 'boolean') refuse('forcePathStyle', 'must be true or false')
  return {
    forcePathStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
  }
}

function parsePrefix(prefix: string): string {
  if (prefix === '') return ''
  const isSafe =
    PREFIX.test(prefix) && prefix.length <= PREFIX_LENGTH_MAX && !prefix.split('/').some((segment) => /^\.{1,2}$/.test(segment))
  if (!isSafe) refuse('prefix', "must be segments of [A-Za-z0-9_!.*'()-], divided by single slashes, and not begin with one")
  return prefix.endsWith('/') ? prefix : `${prefix}/`
}

function wholeNumber(name: string, value: number, { min, max }: { readonly min: number; readonly max: number }): number {
  if (!Number.isSafeInteger(value) || value < min || value > max) refuse(name, `must be a whole number from ${min} to ${max}`)
  return value
}

function seconds(name: string, value: number): number {
  if (!(value > 0 && value <= 86_400)) refuse(name, 'must be a number of seconds, more than 0 and at most a day')
  return value
}

function refuse(argument: string, reason: string): never {
  throw new StorageError('InvalidArgument', { argument, reason })
}
