import type { MetadataStore } from '../metadata/metadata-store.ts'
import { BUCKET_POLICY_KIND } from '../metadata/documents.ts'
import { assert } from '../util/assert.ts'

/** The text of a bucket's policy, as it was put; null where it has none. */
export async function readBucketPolicyText(metadata: Pick<MetadataStore, 'readDocument'>, bucketId: string): Promise<string | null> {
  const document = await metadata.readDocument({ kind: BUCKET_POLICY_KIND, id: bucketId })
  if (document === null) return null
  assert(typeof document.body === 'string', `the document of the policy of the bucket ${bucketId} is damaged`)
  return document.body
}
