import type { BlobKey } from '@stowage/core/backend'
import { objectPath, withQuery } from './object-path.ts'
import { FACTS, parseFactsText } from './object-facts.ts'
import type { ObjectFacts } from './object-facts.ts'
import { isMissing } from './missing-object.ts'
import { readRefusal } from './refusal.ts'
import { withRetries } from './retry.ts'
import type { Store } from './store.ts'

/** What the service knows of a blob's object, or null where there is none. A missing bucket throws its refusal. */
export function findObject(store: Store, key: BlobKey, signal?: AbortSignal): Promise<ObjectFacts | null> {
  const target = withQuery(objectPath(store.options, key), { fields: FACTS })
  return withRetries({ store, signal }, async () => {
    const answer = await store.transport.call({ method: 'GET', target, signal })
    if (answer.status === 200) return parseFactsText(answer.body)
    const refusal = readRefusal(answer.status, answer.headers, answer.body)
    if (await isMissing(store, { refusal, key, signal })) return null
    throw refusal
  })
}

/** Removes one content of a blob; one that is not there any more is fine, and nothing newer is touched. */
export async function removeGeneration(store: Store, key: BlobKey, generation: string): Promise<void> {
  const target = withQuery(objectPath(store.options, key), { ifGenerationMatch: generation })
  await withRetries({ store }, async () => {
    const answer = await store.transport.call({ method: 'DELETE', target })
    if ((answer.status >= 200 && answer.status <= 299) || answer.status === 412) return
    const refusal = readRefusal(answer.status, answer.headers, answer.body)
    if (!(await isMissing(store, { refusal, key }))) throw refusal
  })
}
