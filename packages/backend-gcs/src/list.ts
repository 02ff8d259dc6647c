import type { BlobEntry, BlobKey, ListBlobsOptions } from '@stowage/core/backend'
import { translate } from './errors.ts'
import { parseListing, UnreadableAnswer } from './object-facts.ts'
import type { ListingPage } from './object-facts.ts'
import { blobKeyOf, bucketPath, objectName, withQuery } from './object-path.ts'
import { withRetries } from './retry.ts'
import type { Store } from './store.ts'

/** As many objects as the service gives at once. */
const PAGE_SIZE = '1000'
/** How many pages may follow each other that hold no blob: somebody else's objects, or none at all. */
const EMPTY_PAGES_MAX = 100_000

/**
 * Lists blobs as `Backend.list` promises, a page at a time. The service orders names by their UTF-8 bytes, which for these is the
 * order of strings. Objects under the prefix that cannot be blobs are somebody else's and passed over.
 *
 * A listing that goes round in a circle, or back, is an error: whoever compares it with what should be there must not take it for whole.
 */
export async function* listBlobs(store: Store, options: ListBlobsOptions): AsyncGenerator<BlobEntry> {
  const { signal, after } = options
  try {
    let pageToken: string | null = null
    let last: BlobKey | null = null
    // Of the pages since the last blob: a page with a blob is further on than all before it.
    const tokens = new Set<string>()
    do {
      signal?.throwIfAborted()
      const page: ListingPage = await readPage(store, options, pageToken)
      for (const { name, size, createdAt } of page.objects) {
        const key = blobKeyOf(store.options, name)
        // `startOffset` gives the name itself, too.
        if (key === null || !key.startsWith(options.prefix) || (after !== undefined && key <= after)) continue
        if (last !== null && key <= last) throw new UnreadableAnswer('the service listed an object after one that it comes before')
        last = key
        tokens.clear()
        signal?.throwIfAborted()
        yield { key, size, modifiedAt: createdAt }
      }
      pageToken = page.nextPageToken
      if (pageToken !== null && (tokens.has(pageToken) || tokens.size >= EMPTY_PAGES_MAX)) {
        throw new UnreadableAnswer('the pages of a listing have no end')
      }
      if (pageToken !== null) tokens.add(pageToken)
    } while (pageToken !== null)
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : translate(error, { operation: 'list' })
  }
}

function readPage(store: Store, { prefix, after, signal }: ListBlobsOptions, pageToken: string | null): Promise<ListingPage> {
  const target = withQuery(`${bucketPath(store.options)}/o`, {
    prefix: store.options.prefix + prefix,
    startOffset: after === undefined ? null : objectName(store.options, after),
    maxResults: PAGE_SIZE,
    fields: 'kind,items(name,size,generation,timeCreated),nextPageToken',
    pageToken,
  })
  return withRetries({ store, signal }, async () => parseListing((await store.transport.ask({ method: 'GET', target, signal })).body))
}
