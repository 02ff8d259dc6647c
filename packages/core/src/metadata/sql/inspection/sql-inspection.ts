import type { InspectionQuery, RowCounts, StoreInspection } from '../../inspection.ts'
import { integerOf } from '../column.ts'
import { patiently } from '../patiently.ts'
import type { ReadProgram, SqlDriver, SqlProgram } from '../sql-driver.ts'
import { checkIntegrity, findContradictions } from './find-contradictions.ts'
import { inspectManifests } from './inspect-manifests.ts'
import { inspectGarbage, inspectReferences } from './inspect-rows.ts'
import { inspectStrayInline } from './inspect-stray-inline.ts'

/** Everything that rows say, for fsck, over any SQL driver. Whole tables take as long as they do. */
export function sqlInspection(driver: SqlDriver): StoreInspection {
  const inspect = <T>(program: ReadProgram<T>): Promise<T> => driver.readConsistent((context) => patiently(program(context)))
  return {
    counts: () => inspect(countRows),
    manifests: (query) => inspect((context) => inspectManifests(context, query)),
    references: (query: InspectionQuery) => inspect(() => inspectReferences(query)),
    garbage: (query: InspectionQuery) => inspect(() => inspectGarbage(query)),
    strayInline: (query) => inspect(() => inspectStrayInline(query)),
    contradictions: () => inspect(findContradictions),
    integrity: () => inspect(checkIntegrity),
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
