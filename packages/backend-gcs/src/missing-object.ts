import type { BlobKey } from '@stowage/core/backend'
import { parseListing, UnreadableAnswer } from './object-facts.ts'
import type { ListingPage } from './object-facts.ts'
import { bucketPath, objectName, withQuery } from './object-path.ts'
import type { Refusal } from './refusal.ts'
import type { Store } from './store.ts'

/** A refusal, and what was asked for. */
export interface RefusedObject {
  readonly refusal: Refusal
  readonly key: BlobKey
  readonly signal?: AbortSignal | undefined
}

/** How many pages without an object are asked for before the answer counts as none. */
const EMPTY_PAGES_MAX = 1_000

/**
 * Whether a refusal means that there is no such object. False for everything but a 404, and for one that speaks of the bucket.
 *
 * A 404 that does not say what is missing may be a proxy's, or a missing bucket's: the bucket is asked whether it lists the object. It does:
 * `UnreadableAnswer`. It cannot be asked: what that failed with. Nothing is repeated here.
 */
export async function isMissing(store: Store, { refusal, key, signal }: RefusedObject): Promise<boolean> {
  if (refusal.missing === null || refusal.missing === 'bucket') return false
  if (refusal.missing === 'object') return true
  if (await isListed(store, objectName(store.options, key), signal)) {
    throw new UnreadableAnswer('an object that is listed was said not to be there')
  }
  return true
}

/** Whether the bucket lists an object of this name. It comes before all whose names go on, so the first page with any object decides. */
async function isListed(store: Store, name: string, signal: AbortSignal | undefined): Promise<boolean> {
  const fields = 'kind,items(name,size,generation,timeCreated),nextPageToken'
  let pageToken: string | null = null
  for (let pages = 0; pages < EMPTY_PAGES_MAX; pages += 1) {
    const target = withQuery(`${bucketPath(store.options)}/o`, { prefix: name, maxResults: '1', fields, pageToken })
    const { body } = await store.transport.ask({ method: 'GET', target, signal })
    const page: ListingPage = parseListing(body)
    if (page.objects.some((object) => object.name === name)) return true
    // A page may hold nothing and yet not be the last.
    if (page.objects.length > 0 || page.nextPageToken === null) return false
    pageToken = page.nextPageToken
  }
  throw new UnreadableAnswer('the pages of a listing have no end')
}
