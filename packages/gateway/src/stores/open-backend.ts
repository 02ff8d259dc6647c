import { fsBackend } from '@stowage/backend-fs'
import type { Backend } from '@stowage/core'
import { formatBackendLocation } from './backend-location.ts'
import type { BackendLocation } from './backend-location.ts'

/** What a location does not say. */
export interface OpenBackendOptions {
  /** Where `file:` is. */
  readonly dataDirectory: string
  /** Whether reads may be sent on to it: see `S3HandlerOptions.redirects`. */
  readonly presigning: boolean
}

/** Where each backend is that was made here. */
const locations = new WeakMap<Backend, string>()

/** The location of a backend, as it is kept; undefined for one that was made elsewhere. */
export function locationOf(backend: Backend): string | undefined {
  return locations.get(backend)
}

/** Makes the backend of a location; nothing is opened. Throws with what to do where the package for it is not installed. */
export async function openBackend(location: BackendLocation, options: OpenBackendOptions): Promise<Backend> {
  const backend = await makeBackend(location, options)
  locations.set(backend, formatBackendLocation(location))
  return backend
}

async function makeBackend(location: BackendLocation, { dataDirectory, presigning }: OpenBackendOptions): Promise<Backend> {
  switch (location.kind) {
    case 'file':
      return fsBackend({ directory: location.directory === '' ? dataDirectory : location.directory })
    case 's3': {
      const { bucket, prefix, endpoint, region, pathStyle } = location
      const { s3Backend } = await installed('@stowage/backend-s3', () => import('@stowage/backend-s3'))
      return s3Backend({
        bucket,
        ...(prefix === '' ? {} : { prefix: `${prefix}/` }),
        ...(endpoint === undefined ? {} : { endpoint }),
        ...(region === undefined ? {} : { region }),
        ...(pathStyle === undefined ? {} : { forcePathStyle: pathStyle }),
        presigning,
      })
    }
    case 'gs': {
      const { bucket, prefix, apiEndpoint } = location
      const { gcsBackend } = await installed('@stowage/backend-gcs', () => import('@stowage/backend-gcs'))
      return gcsBackend({
        bucket,
        ...(prefix === '' ? {} : { prefix: `${prefix}/` }),
        ...(apiEndpoint === undefined ? {} : { apiEndpoint }),
        presigning,
      })
    }
  }
}

/** What is an optional dependency, because of all that the vendor's client brings. */
async function installed<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new Error(`Such a backend needs ${name}, which is not installed: 'npm install ${name}' brings it.`, { cause: error })
  }
}
