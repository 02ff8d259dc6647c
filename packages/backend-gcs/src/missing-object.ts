import type { BlobKey } from '@stowage/core/backend'
import { parseListing, UnreadableAnswer } from './object-facts.ts'
import { bucketPath, objectName, withQuery } from './object-path.ts'
import type { Refusal } from './refusal.ts'
import type { Store } from './store.ts'

/** A refusal, and what was asked for. */
export interface RefusedObject {
  readonly refusal: Refusal
  readonly key: BlobKey
  readonly signal?: AbortSignal | undefined
}

/**
 * Whether a refusal means that there is no such object. False for everything but a 404, and for one that speaks of the bucket.
 *
 * A 404 that does not say what is missing may be a proxy's, or a missing bucket's: the bucket is asked whether it lists the object. It does:
 * `UnreadableAnswer`. It cannot be asked: what that failed with. Nothing is repeated here.
 */
export async function isMissing(store: Store, { refusal, key, signal }: RefusedObject): Promise<boolean> {
  if (refusal.missing === null || refusal.missing === 'bucket') return false
  if (refusal.missing === 'object') return true
  const name = objectName(store.options, key)
  const fields = 'kind,items(name,size,generation,timeCreated)'
  // The object itself comes before all that begin with its name.
  const target = withQuery(`${bucketPath(store.options)}/o`, { prefix: name, maxResults: '1', fields })
  const { body } = await store.transport.ask({ method: 'GET', target, signal })
  if (parseListing(body).objects.some((object) => object.name === name)) {
    throw new UnreadableAnswer('an object that is listed was said not to be there')
  }
  return true
}
