import { StorageError } from '@stowage/core/backend'
import { BACKEND_NAME, translate } from './errors.ts'
import { parseListing } from './object-facts.ts'
import { bucketPath, withQuery } from './object-path.ts'
import { readFields, readObject } from './read-json.ts'
import { Refusal } from './refusal.ts'
import { withRetries } from './retry.ts'
import type { Store } from './store.ts'

const FIELDS = 'name,softDeletePolicy,retentionPolicy,defaultEventBasedHold,versioning,lifecycle,billing'

/**
 * Looks whether the bucket is there and may be read, and warns of settings that cost money or forbid what the engine must do.
 *
 * Who may not look at the bucket itself (`storage.buckets.get` is in no role for objects) may still list: then the bucket is good, and
 * nothing is known of its settings.
 */
export async function checkBucket(store: Store, signal: AbortSignal | undefined): Promise<void> {
  const { options } = store
  try {
    const settings = await readSettings(store, signal)
    for (const warning of settings === null ? [UNSEEN] : warningsOf(settings)) options.onWarning?.(warning)
    if (settings?.['defaultEventBasedHold'] === true)
      throw new StorageError('BackendUnavailable', { backend: BACKEND_NAME, operation: 'init' }, { message: HOLD })
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : translate(error, { operation: 'init' })
  }
}

const UNSEEN =
  'These credentials may not look at the bucket (storage.buckets.get), so its soft delete, versions, retention and lifecycle are not known here.'
const HOLD =
  'The bucket puts every object under an event-based hold (defaultEventBasedHold): no blob could ever be deleted. Turn that off, or take another bucket.'

/** The settings of the bucket, or null where they may not be seen. */
async function readSettings(store: Store, signal: AbortSignal | undefined): Promise<Readonly<Record<string, unknown>> | null> {
  const ask = (target: string): Promise<string> =>
    withRetries({ store, signal }, async () => (await store.transport.ask({ method: 'GET', target, signal })).body)
  try {
    return readObject(await ask(withQuery(bucketPath(store.options), { fields: FIELDS })))
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 403) throw error
    const query = { prefix: store.options.prefix, maxResults: '1', fields: 'kind,nextPageToken' }
    parseListing(await ask(withQuery(`${bucketPath(store.options)}/o`, query)))
    return null
  }
}

/** What the engine's user should know of a bucket, in sentences. */
function warningsOf(settings: Readonly<Record<string, unknown>>): readonly string[] {
  const warnings: string[] = []
  const softDelete = Number(readFields(settings['softDeletePolicy'])?.['retentionDurationSeconds'] ?? 0)
  if (softDelete > 0) {
    warnings.push(
      `The bucket keeps what is deleted for ${softDelete / 86_400} days (soft delete), and that is paid for; garbage and compacted blobs count. A retention of 0 turns it off.`,
    )
  }
  if (readFields(settings['versioning'])?.['enabled'] === true) {
    warnings.push(
      'The bucket keeps versions: what is deleted stays, and is paid for. The engine has versions of its own and needs none here.',
    )
  }
  const retention = Number(readFields(settings['retentionPolicy'])?.['retentionPeriod'] ?? 0)
  if (retention > 0) {
    warnings.push(
      `The bucket has a retention policy: blobs cannot be deleted in their first ${retention} seconds, and the collector will be refused until then.`,
    )
  }
  const rules = readFields(settings['lifecycle'])?.['rule']
  if (Array.isArray(rules) && rules.some((rule) => readFields(readFields(rule)?.['action'])?.['type'] === 'Delete')) {
    warnings.push(
      'The bucket deletes objects by a lifecycle rule: one that meets blobs loses data. Only the engine knows which blobs are needed.',
    )
  }
  return warnings
}
