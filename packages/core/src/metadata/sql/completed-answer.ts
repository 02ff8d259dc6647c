import { createHash } from 'node:crypto'
import { assert } from '../../util/assert.ts'
import type { CompletedPart } from '../commands.ts'
import type { ObjectInfo } from '../../model/object.ts'
import { parseJson } from './json-column.ts'
import { objectValues, readObjectRow } from './object-row.ts'
import type { SqlValue } from './sql-driver.ts'

/** What is kept of a completed upload, so that the same request gets the same answer. */
export interface CompletedAnswer {
  /** Of the list of parts that it was completed with. */
  readonly digest: string
  readonly object: ObjectInfo
}

/** A digest of the list of parts, checksums included; of an append upload, which has none, a constant. */
export function digestOfParts(parts: readonly CompletedPart[] | null): string {
  if (parts === null) return 'append'
  const list = parts.map(({ partNumber, etag, checksum }) => [partNumber, etag, checksum?.algorithm ?? null, checksum?.value ?? null])
  return createHash('sha256').update(JSON.stringify(list)).digest('hex')
}

/** The answer as its JSON column keeps it. */
export function encodeAnswer({ digest, object }: CompletedAnswer): string {
  return JSON.stringify({ digest, values: objectValues(object) })
}

/** Reads what `encodeAnswer` wrote. */
export function decodeAnswer(text: string, bucketId: string): CompletedAnswer {
  const answer = parseJson(text)
  assert(typeof answer === 'object' && answer !== null && 'digest' in answer && 'values' in answer, 'the answer is no object')
  const { digest, values } = answer
  assert(typeof digest === 'string' && Array.isArray(values), 'the answer has no digest or no values')
  // Each value is checked as it is read.
  const object = readObjectRow(values as SqlValue[], { bucketId, latest: true, deleteMarker: false })
  return { digest, object }
}
