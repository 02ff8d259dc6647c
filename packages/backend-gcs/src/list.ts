import type { BlobEntry, ListBlobsOptions } from '@stowage/core/backend'
import { translate } from './errors.ts'
import { parseListing } from './object-facts.ts'
import type { ListingPage } from './object-facts.ts'
import { blobKeyOf, bucketPath, objectName, withQuery } from './object-path.ts'
import { withRetries } from './retry.ts'
import type { Store } from './store.ts'

/** As many objects as the service gives at once. */
const PAGE_SIZE = '1000'

/**
 * Lists blobs as `Backend.list` promises, a page at a time. The service orders names by their UTF-8 bytes, which for these is the
 * order of strings. Objects under the prefix that cannot be blobs are somebody else's and passed over.
 */
export async function* listBlobs(store: Store, options: ListBlobsOptions): AsyncGenerator<BlobEntry> {
  const { signal, after } = options
  try {
    let pageToken: string | null = null
    do {
      signal?.throwIfAborted()
      const page: ListingPage = await readPage(store, options, pageToken)
      for (const { name, size, createdAt } of page.objects) {
        const key = blobKeyOf(store.options, name)
        // `startOffset` gives the name itself, too.
        if (key === null || !key.startsWith(options.prefix) || (after !== undefined && key <= after)) continue
        signal?.throwIfAborted()
        yield { key, size, modifiedAt: createdAt }
      }
      pageToken = page.nextPageToken
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
  return withRetries({ options: store.options, signal }, async () =>
    parseListing((await store.transport.ask({ method: 'GET', target, signal })).body),
  )
}
