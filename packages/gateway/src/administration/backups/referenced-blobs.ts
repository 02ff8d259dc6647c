import { setImmediate } from 'node:timers/promises'
import type { Backend, MetadataStore } from '@stowage/core'
import { parseBlobKey } from '@stowage/core/backend'
import type { BlobEntry, BlobKey } from '@stowage/core/backend'

/** Where blobs are read. */
export type BlobSource = Pick<Backend, 'get' | 'list'>

/** The blobs that the rows of a store name, as a source of its own, with what was found out while they were listed last. */
export interface ReferencedBlobs extends BlobSource {
  readonly found: { readonly blobs: number; readonly bytes: number; readonly missing: number }
}

const PAGE_SIZE = 1000

/** Shows of a backend what the rows name; all of it begins with `prefix`. Memory is a page of each, however many there are. */
export function referencedBlobs(backend: BlobSource, metadata: MetadataStore, prefix: string = ''): ReferencedBlobs {
  const found = { blobs: 0, bytes: 0, missing: 0 }
  return {
    found,
    get: (key, options) => backend.get(key, options),
    async *list(options) {
      Object.assign(found, { blobs: 0, bytes: 0, missing: 0 })
      for await (const { key, entry } of namedAndListed(metadata, backend.list({ ...options, prefix }), options.after)) {
        if (key === null) continue
        if (entry === null) found.missing += 1
        else {
          found.blobs += 1
          found.bytes += entry.size
          yield entry
        }
      }
    },
  }
}

/** The blobs of a backend that no row names. */
export async function* unreferencedBlobs(backend: BlobSource, metadata: MetadataStore): AsyncGenerator<BlobKey> {
  for await (const { key, entry } of namedAndListed(metadata, backend.list({ prefix: '' }))) {
    if (key === null && entry !== null) yield entry.key
  }
}

interface Pair {
  /** Null where no row names it. */
  readonly key: BlobKey | null
  /** Null where the backend does not have it. */
  readonly entry: BlobEntry | null
}

/** What rows name and what a backend has, side by side: both come in the order of bytes, and names of blobs are ASCII. */
async function* namedAndListed(metadata: MetadataStore, listed: AsyncIterable<BlobEntry>, after?: BlobKey): AsyncGenerator<Pair> {
  const entries = listed[Symbol.asyncIterator]()
  const names = namedBlobs(metadata, after)
  try {
    let [name, entry] = [await names.next(), await entries.next()]
    while (name.done !== true || entry.done !== true) {
      const isNamed = name.done !== true && (entry.done === true || name.value <= entry.value.key)
      const isListed = entry.done !== true && (name.done === true || entry.value.key <= name.value)
      yield { key: isNamed && name.done !== true ? name.value : null, entry: isListed && entry.done !== true ? entry.value : null }
      if (isNamed) name = await names.next()
      if (isListed) entry = await entries.next()
    }
  } finally {
    await entries.return?.()
    await names.return(undefined)
  }
}

/** Each blob once, however many rows name it. */
async function* namedBlobs({ inspection }: MetadataStore, behind: BlobKey | undefined): AsyncGenerator<BlobKey, undefined, undefined> {
  let last: string | null = behind ?? null
  let after: string | null = null
  do {
    const page: Awaited<ReturnType<typeof inspection.references>> = await inspection.references({ after, limit: PAGE_SIZE })
    for (const { backendId, blob } of page.rows) {
      if (backendId !== 'main') throw new Error(`Rows name blobs in the backend ${backendId}, which a server does not have.`)
      if (last !== null && blob <= last) continue
      last = blob
      // A backup may have been through other hands: its names become paths.
      yield parseBlobKey(blob)
    }
    after = page.next
    // An embedded store answers at once: others must have a turn.
    await setImmediate()
  } while (after !== null)
  return undefined
}
