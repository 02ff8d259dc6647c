import { resolve } from 'node:path'

/** Where the bytes of a store are: as `--backend` says it, read. */
export type BackendLocation = FileLocation | S3Location | GcsLocation

/** A directory. */
export interface FileLocation {
  readonly kind: 'file'
  /** Absolute; empty for the data directory itself, which may be moved elsewhere. */
  readonly directory: string
}

/** A bucket of S3, or of what speaks it. */
export interface S3Location {
  readonly kind: 's3'
  readonly bucket: string
  /** Empty, or what names begin with. */
  readonly prefix: string
  readonly endpoint?: string
  readonly region?: string
  readonly pathStyle?: boolean
}

/** A bucket of Google Cloud Storage. */
export interface GcsLocation {
  readonly kind: 'gs'
  readonly bucket: string
  /** Empty, or what names begin with. */
  readonly prefix: string
  readonly apiEndpoint?: string
}

/** The bytes are in the data directory. */
export const IN_DIRECTORY: FileLocation = { kind: 'file', directory: '' }

const FORMS = 's3://BUCKET[/PREFIX][?endpoint=URL&region=NAME&pathStyle=true], gs://BUCKET[/PREFIX][?apiEndpoint=URL] or file:DIR'
const PARAMETERS = { 's3:': ['endpoint', 'region', 'pathStyle'], 'gs:': ['apiEndpoint'] } as const

/**
 * Reads where bytes are: `s3://…`, `gs://…` or `file:DIR`. Throws with a sentence for what is none of them, for a parameter that nobody
 * knows or that comes twice, and for credentials: those are the vendor's chain's business (environment, profiles, metadata servers).
 */
export function parseBackendLocation(text: string, dataDirectory: string | null): BackendLocation {
  if (text.startsWith('file:')) return fileLocation(text, dataDirectory)
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || (url.protocol !== 's3:' && url.protocol !== 'gs:')) throw new Error(`A backend is written as ${FORMS}.`)
  if (url.username !== '' || url.password !== '') {
    throw new Error('Credentials do not belong in the URL of a backend: they are taken from where the tools of the service take them.')
  }
  if (url.hostname === '' || url.port !== '' || url.hash !== '') throw new Error(`A backend is written as ${FORMS}.`)
  const parameters = readParameters(url.searchParams, PARAMETERS[url.protocol])
  const place = { bucket: decoded(url.hostname), prefix: decoded(url.pathname.replace(/^\/+|\/+$/g, '')) }
  if (url.protocol === 'gs:') {
    const { apiEndpoint } = parameters
    return { kind: 'gs', ...place, ...(apiEndpoint === undefined ? {} : { apiEndpoint: readUrl('apiEndpoint', apiEndpoint) }) }
  }
  const { endpoint, region, pathStyle } = parameters
  return {
    kind: 's3',
    ...place,
    ...(endpoint === undefined ? {} : { endpoint: readUrl('endpoint', endpoint) }),
    ...(region === undefined ? {} : { region }),
    ...(pathStyle === undefined ? {} : { pathStyle: readBoolean('pathStyle', pathStyle) }),
  }
}

/** The one text of a location: what is kept, compared and shown. It holds no secret. */
export function formatBackendLocation(location: BackendLocation): string {
  if (location.kind === 'file') return `file:${location.directory}`
  const { kind, bucket, prefix, ...parameters } = location
  const query = new URLSearchParams(Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)])).toString()
  const path = prefix === '' ? '' : `/${prefix.split('/').map(encodeURIComponent).join('/')}`
  return `${kind}://${bucket}${path}${query === '' ? '' : `?${query}`}`
}

function fileLocation(text: string, dataDirectory: string | null): FileLocation {
  const path = text.slice('file:'.length).replace(/^\/\/(?=\/)/, '')
  if (path === '') return IN_DIRECTORY
  const directory = resolve(path)
  return directory === dataDirectory ? IN_DIRECTORY : { kind: 'file', directory }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Error(`A backend is written as ${FORMS}.`)
  }
}

function readParameters(given: URLSearchParams, known: readonly string[]): Readonly<Partial<Record<string, string>>> {
  const parameters: Record<string, string> = {}
  for (const [name, value] of given) {
    if (!known.includes(name))
      throw new Error(`Nobody knows '${name}' of a backend's URL. There ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}.`)
    if (name in parameters) throw new Error(`'${name}' is in the backend's URL twice.`)
    if (value === '') throw new Error(`'${name}' of the backend's URL is empty.`)
    parameters[name] = value
  }
  return parameters
}

function readUrl(name: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new Error(`'${name}' of the backend's URL is itself a URL, http:// or https://.`)
  if (url.username !== '' || url.password !== '')
    throw new Error(`'${name}' of the backend's URL holds credentials, which do not belong there.`)
  // One place, one text: as long as it is another, a copy would be made of what is there already.
  return url.href.replace(/\/$/, '')
}

function readBoolean(name: string, text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new Error(`'${name}' of the backend's URL is true or false.`)
  return text === 'true'
}
