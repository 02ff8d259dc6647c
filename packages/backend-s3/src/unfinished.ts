import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import type { ListMultipartUploadsCommandOutput } from '@aws-sdk/client-s3'
import type { UnfinishedFacet, UnfinishedWrite } from '@stowage/core/backend'
import type { FailedCall } from './errors.ts'
import { incompleteAnswer } from './incomplete-answer.ts'
import { readBlobKey } from './read-blob-key.ts'
import { attempt } from './store.ts'
import type { Store } from './store.ts'
import { abortUpload, leadsNowhere } from './upload.ts'

/**
 * The multipart uploads that the service keeps open under the prefix. A service that cannot list them fails with `NotSupported`; MinIO lists
 * none but those of an exact name, so that its own clean-up (24 hours) has to take them.
 */
export function unfinishedFacet(store: Store): UnfinishedFacet {
  return {
    list: ({ before }) => listUploads(store, before),
    abort: (write) => abortUpload(store, write, { operation: 'abort an unfinished write' }),
  }
}

async function* listUploads(store: Store, before: Date): AsyncGenerator<UnfinishedWrite> {
  let from: PageStart | null = {}
  while (from !== null) {
    const page: ListMultipartUploadsCommandOutput = await listPage(store, from)
    for (const { Key, UploadId: id, Initiated: startedAt } of page.Uploads ?? []) {
      const key = readBlobKey(store, Key)
      if (key !== null && id !== undefined && startedAt !== undefined && startedAt < before) yield { key, id, startedAt }
    }
    const next = nextPage(page)
    if (next !== null && next.KeyMarker === from.KeyMarker && next.UploadIdMarker === from.UploadIdMarker) throw leadsNowhere(CALL)
    from = next
  }
}

const CALL: FailedCall = { operation: 'list unfinished writes', request: 'ListMultipartUploads' }

/** Where a page begins. */
interface PageStart {
  readonly KeyMarker?: string
  readonly UploadIdMarker?: string
}

async function listPage(store: Store, from: PageStart): Promise<ListMultipartUploadsCommandOutput> {
  const { bucket, prefix } = store.options
  const input = { Bucket: bucket, ...(prefix === '' ? {} : { Prefix: prefix }), ...from }
  const page = await attempt(store, { call: CALL }, (options) => store.client.send(new ListMultipartUploadsCommand(input), options))
  if (page.Bucket === undefined && page.IsTruncated === undefined) throw incompleteAnswer(CALL)
  return page
}

/** Null where there is none. A page that leads nowhere is the last one: the next run of the collector begins anew. */
function nextPage({
  IsTruncated,
  NextKeyMarker: key = '',
  NextUploadIdMarker: id = '',
}: ListMultipartUploadsCommandOutput): PageStart | null {
  if (IsTruncated !== true || key === '') return null
  return { KeyMarker: key, ...(id === '' ? {} : { UploadIdMarker: id }) }
}
