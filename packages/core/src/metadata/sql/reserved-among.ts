import type { BlobRef } from '../../model/extent.ts'
import type { BlobsInput } from './commands/garbage.ts'
import { blobList, readBlobRows } from './references.ts'
import { policyVersion } from './served.ts'
import type { SqlContext, SqlProgram } from './sql-driver.ts'

// CROSS: SQLite goes through the list first, and seeks each by name; it would read all that is reserved otherwise.
const reservedText = (each: string): string => `SELECT g.backend_id, g.blob FROM ${each} CROSS JOIN garbage g
WHERE g.backend_id = value ->> 0 AND g.blob = value ->> 1 AND g.state = 'reserved'`

/** Finds those of some blobs that are reserved, in a store that is not marked: over one state. */
export function* reservedAmong({ dialect }: SqlContext, { blobs }: BlobsInput): SqlProgram<readonly BlobRef[]> {
  yield* policyVersion()
  return readBlobRows(yield { sql: reservedText(dialect.each), values: [blobList(blobs)] })
}
