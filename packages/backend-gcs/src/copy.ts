import { StorageError } from '@stowage/core/backend'
import type { BlobKey, CallOptions, StoredBlob } from '@stowage/core/backend'
import { translate } from './errors.ts'
import { findObject } from './find-object.ts'
import { isMissing } from './missing-object.ts'
import { parseFacts, UnreadableAnswer } from './object-facts.ts'
import type { ObjectFacts } from './object-facts.ts'
import { bucketPath, objectName, objectPath, withQuery } from './object-path.ts'
import { readObject } from './read-json.ts'
import { Refusal } from './refusal.ts'
import { withRetries } from './retry.ts'
import type { Attempt } from './retry.ts'
import type { Store } from './store.ts'
import { checkStored, resolveConflict } from './upload-facts.ts'
import type { Content } from './upload-facts.ts'

/**
 * Copies an object by `rewrite`: at once within one location and storage class, else in steps that the service's token ties together.
 * The source stays, and its metadata goes along. The copy is held against the size and the CRC-32C of the source; another one is removed.
 */
export async function copyBlob(store: Store, { from, to, signal }: CopyCall): Promise<StoredBlob> {
  signal?.throwIfAborted()
  try {
    const content = await contentOf(store, from, signal)
    let token: string | null = null
    for (;;) {
      const rewriteToken: string | null = token
      const step: Step = await withRetries({ store, signal }, (attempt) =>
        rewrite(store, { from, to, content, rewriteToken, attempt, signal }),
      )
      if ('facts' in step) {
        await checkStored(store, to, { facts: step.facts, content })
        return { size: content.size }
      }
      token = step.token
    }
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : translate(error, { operation: 'copy', key: from })
  }
}

async function contentOf(store: Store, key: BlobKey, signal: AbortSignal | undefined): Promise<Content> {
  const facts = await findObject(store, key, signal)
  if (facts === null) throw new StorageError('BlobNotFound', { blob: key })
  if (facts.crc32c === null) throw new UnreadableAnswer('the service does not say the CRC-32C of the source')
  return { size: facts.size, crc32c: facts.crc32c }
}

/** The arguments of a copy. */
export interface CopyCall extends CallOptions {
  readonly from: BlobKey
  readonly to: BlobKey
}

/** The object is there, or the next step's token. */
type Step = { readonly facts: ObjectFacts } | { readonly token: string }

interface Rewrite {
  readonly from: BlobKey
  readonly to: BlobKey
  /** Of the source. */
  readonly content: Content
  readonly rewriteToken: string | null
  readonly attempt: Attempt
  readonly signal: AbortSignal | undefined
}

async function rewrite(store: Store, { from, to, content, rewriteToken, attempt, signal }: Rewrite): Promise<Step> {
  const path = `${objectPath(store.options, from)}/rewriteTo${bucketPath(store.options).slice('/storage/v1'.length)}/o`
  const target = withQuery(`${path}/${encodeURIComponent(objectName(store.options, to))}`, { ifGenerationMatch: '0', rewriteToken })
  try {
    const { body } = await store.transport.ask({ method: 'POST', target, body: [], signal })
    const fields = readObject(body)
    if (fields?.['done'] === true) {
      const facts = parseFacts(fields['resource'])
      if (facts.name !== objectName(store.options, to)) throw new UnreadableAnswer('the service answered with another object')
      return { facts }
    }
    const token = fields?.['rewriteToken']
    if (typeof token !== 'string' || token === '') throw new UnreadableAnswer('the service neither copied nor said how to go on')
    return { token }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (await isMissing(store, { refusal: error, key: from, signal }))
      throw new StorageError('BlobNotFound', { blob: from }, { cause: error })
    return { facts: await resolveConflict(store, to, { refusal: error, attempt, content, signal }) }
  }
}
