import { MovableBackend } from '@stowage/core/backend'
import type { MetadataStore } from '@stowage/core'
import { formatBackendLocation, parseBackendLocation } from './backend-location.ts'
import type { BackendLocation } from './backend-location.ts'
import { BLOBS_FOLDER, checkDataDirectory } from './check-data-directory.ts'
import { isWithoutBlobs, readKeptBackend, tryWriteKeptBackend } from './kept-backend.ts'
import { openBackend } from './open-backend.ts'

/** Which backend a store is to have. */
export interface PlaceBackendOptions {
  /** What says where the bytes are. */
  readonly metadata: MetadataStore
  /** Where they are if it says nothing. */
  readonly dataDirectory: string
  /** Whether reads may be sent on to it. Default false. */
  readonly presigning?: boolean
  /** As `--backend` says it. Default: where the bytes are. */
  readonly wanted?: string
  /** Whether a store without blobs may be told where they go from now on. Default true. */
  readonly mayBegin?: boolean
}

/**
 * The backend of a store that has a data directory: its `init` asks the metadata, which must be open by then, where the bytes are. Bytes
 * that are elsewhere than `wanted` says are an error: nothing would find them there.
 */
export function placeBackend({
  metadata,
  dataDirectory,
  presigning = false,
  wanted,
  mayBegin = true,
}: PlaceBackendOptions): MovableBackend {
  const options = { dataDirectory, presigning }
  const location = wanted === undefined ? null : parseBackendLocation(wanted, dataDirectory)
  const backendAt = (text: string): ReturnType<typeof openBackend> => openBackend(parseBackendLocation(text, dataDirectory), options)
  return new MovableBackend(async () => {
    const kept = await readKeptBackend(metadata)
    const text = location === null ? kept.current : formatBackendLocation(location)
    // What has bytes is not made anew: a disk that is not mounted has none, and copying none ends a move.
    if (kept.former !== null) await checkThere(parseBackendLocation(kept.former, dataDirectory), dataDirectory)
    if (!mayBegin) await checkThere(parseBackendLocation(text, dataDirectory), dataDirectory)
    if (location === null || text === kept.current) {
      return { current: await backendAt(kept.current), former: kept.former === null ? null : await backendAt(kept.former) }
    }
    if (kept.former !== null || !mayBegin || !(await isWithoutBlobs(metadata))) throw new Error(elsewhere(kept.current, text))
    const current = await openBackend(location, options)
    // A place that turns out not to be there must not be where the store looks from now on.
    const settle = async (): Promise<void> => {
      const begun = { current: location, former: null, through: null }
      if ((await isWithoutBlobs(metadata)) && (await tryWriteKeptBackend(metadata, begun, kept.version))) return
      // Another server has begun meanwhile: in the same place, then all is well, or elsewhere.
      const now = await readKeptBackend(metadata)
      if (now.current !== text || now.former !== null) throw new Error(elsewhere(now.current, text))
    }
    return { current, former: null, settle }
  })
}

async function checkThere(location: BackendLocation, dataDirectory: string): Promise<void> {
  if (location.kind === 'file') await checkDataDirectory(location.directory === '' ? dataDirectory : location.directory, BLOBS_FOLDER)
}

function elsewhere(current: string, wanted: string): string {
  const where = current === 'file:' ? 'in its data directory' : `in ${current}`
  return `The bytes of this store are ${where}, not in ${wanted}: 'stowage copy-backend --to ${wanted}' brings them there.`
}
