import type { Suite } from '../case.ts'
import { blobCases } from './blobs.ts'
import { bucketCases } from './buckets.ts'
import { concurrencyCases } from './concurrency.ts'
import { copyingCases } from './copying.ts'
import { documentCases } from './documents.ts'
import { exchangeCases } from './exchange.ts'
import { extentLimitCases } from './extent-limit.ts'
import { inspectionCases } from './inspection.ts'
import { garbageHoldCases } from './garbage-holds.ts'
import { jobCases } from './jobs.ts'
import { listingCases } from './listing.ts'
import { conditionCases, objectCases } from './objects.ts'
import { refusedRowCases } from './refused-rows.ts'
import { relationCases } from './relations.ts'
import { requirementCases } from './requirements.ts'
import type { MetadataSubject } from './support.ts'
import { appendCases } from './appends.ts'
import { uploadCases } from './uploads.ts'
import { versionCases } from './versions.ts'

/** What every metadata store must pass. `open` gives one that is open and empty, whose clock stands at `METADATA_START`. */
export const metadataCases: Suite<MetadataSubject> = {
  name: 'metadata',
  cases: [
    ...bucketCases,
    ...objectCases,
    ...conditionCases,
    ...requirementCases,
    ...versionCases,
    ...listingCases,
    ...uploadCases,
    ...appendCases,
    ...extentLimitCases,
    ...blobCases,
    ...garbageHoldCases,
    ...jobCases,
    ...exchangeCases,
    ...concurrencyCases,
    ...inspectionCases,
    ...refusedRowCases,
    ...documentCases,
    ...relationCases,
    ...copyingCases,
  ],
  facetsOf: () => [],
  start: () => Promise.resolve(),
  stop: ({ store }) => store.close(),
}
export { AT as METADATA_START } from './support.ts'
export type { MetadataSubject } from './support.ts'
