import type { InspectionQuery, RowCounts, StoreInspection } from '../../inspection.ts'
import { integerOf } from '../column.ts'
import type { SqlDriver, SqlProgram } from '../sql-driver.ts'
import { checkIntegrity, findContradictions } from './find-contradictions.ts'
import { inspectManifests } from './inspect-manifests.ts'
import { inspectGarbage, inspectReferences } from './inspect-rows.ts'
import { inspectStrayInline } from './inspect-stray-inline.ts'

/** Everything that rows say, for fsck, over any SQL driver. */
export function sqlInspection(driver: SqlDriver): StoreInspection {
  return {
    counts: () => driver.read(countRows),
    manifests: (query) => driver.readConsistent((context) => inspectManifests(context, query)),
    references: (query: InspectionQuery) => driver.read(() => inspectReferences(query)),
    garbage: (query: InspectionQuery) => driver.read(() => inspectGarbage(query)),
    strayInline: (query) => driver.readConsistent(() => inspectStrayInline(query)),
    contradictions: () => driver.readConsistent(findContradictions),
    integrity: () => driver.read(checkIntegrity),
  }
}

const COUNTS = `SELECT (SELECT count(*) FROM buckets), (SELECT count(*) FROM objects), (SELECT count(*) FROM object_versions),
(SELECT count(*) FROM uploads WHERE status = 'open'),
(SELECT CAST(coalesce(sum(size), 0) AS bigint) FROM objects) + (SELECT CAST(coalesce(sum(size), 0) AS bigint) FROM object_versions)`

function* countRows(): SqlProgram<RowCounts> {
  const [row] = yield { sql: COUNTS, values: [] }
  return {
    buckets: integerOf(row?.[0]),
    objects: integerOf(row?.[1]),
    versions: integerOf(row?.[2]),
    uploads: integerOf(row?.[3]),
    bytes: integerOf(row?.[4]),
  }
}
