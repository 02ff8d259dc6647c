import { compareBytes } from '../../../model/byte-order.ts'
import type { DocumentWrite, WriteDocumentsOutcome } from '../../documents.ts'
import type { RelationTableChange } from '../../relations.ts'
import { integerOf, textOf } from '../column.ts'
import { HIGHEST_DELETED } from '../documents.ts'
import { documentsLock, lock, policyLock } from '../locks.ts'
import { patiently } from '../patiently.ts'
import { policyVersion } from '../served.ts'
import type { SqlContext, SqlProgram } from '../sql-driver.ts'
import { raiseLockedPolicyVersion } from './policy-version.ts'
import { changeTables } from './relations.ts'

/** A write whose body is JSON text. */
export interface EncodedWrite extends Omit<DocumentWrite, 'body'> {
  readonly body: string | null
}

/** Writes that have been checked. */
export interface WriteDocumentsInput {
  readonly writes: readonly EncodedWrite[]
  readonly raisesPolicyVersion: boolean
  readonly tables: readonly RelationTableChange[]
}

const versionsText = ({ dialect }: SqlContext): string =>
  `SELECT kind, id, version FROM documents WHERE (kind, id) IN (SELECT value ->> 0, value ->> 1 FROM ${dialect.each})`
const PUT = `INSERT INTO documents (kind, id, version, body, sealed) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, body = excluded.body, sealed = excluded.sealed`
const DELETE = 'DELETE FROM documents WHERE kind = ? AND id = ?'

/** Compares every document with what is expected of it, and only then writes. Writers of one kind wait for each other. */
export function* writeDocuments(context: SqlContext, input: WriteDocumentsInput): SqlProgram<WriteDocumentsOutcome> {
  const { writes, raisesPolicyVersion, tables } = input
  const kinds = [...new Set(writes.map(({ kind }) => kind))].toSorted(compareBytes)
  yield* lock(context, [...(raisesPolicyVersion ? [policyLock(true)] : []), ...kinds.map(documentsLock)])
  const versions = yield* readVersions(context, writes, kinds)
  for (const { kind, id, expected } of writes) {
    const version = versions.get(nameOf(kind, id)) ?? null
    if (expected !== 'any' && expected !== version) return { outcome: 'conflict', kind, id, version }
  }
  const deleted = new Map<string, number>()
  for (const write of writes) yield* applyWrite(write, versions, deleted)
  for (const [kind, highest] of deleted) yield { sql: PUT, values: [kind, HIGHEST_DELETED, highest, null, null] }
  // An index over many rows takes its time.
  yield* patiently(changeTables(context, tables))
  return { outcome: 'written', policyVersion: yield* raisesPolicyVersion ? raiseLockedPolicyVersion() : policyVersion() }
}

/** `deleted` gathers the kinds whose highest deleted version is another one now. */
function* applyWrite(
  { kind, id, body, sealed }: EncodedWrite,
  versions: ReadonlyMap<string, number>,
  deleted: Map<string, number>,
): SqlProgram<void> {
  const version = versions.get(nameOf(kind, id))
  const highest = versions.get(nameOf(kind, HIGHEST_DELETED)) ?? 0
  if (body !== null) {
    yield { sql: PUT, values: [kind, id, (version ?? highest) + 1, body, sealed] }
  } else if (version !== undefined) {
    yield { sql: DELETE, values: [kind, id] }
    if (version > Math.max(highest, deleted.get(kind) ?? 0)) deleted.set(kind, version)
  }
}

function* readVersions(
  context: SqlContext,
  writes: readonly EncodedWrite[],
  kinds: readonly string[],
): SqlProgram<ReadonlyMap<string, number>> {
  const wanted = [...kinds.map((kind) => [kind, HIGHEST_DELETED]), ...writes.map(({ kind, id }) => [kind, id])]
  const rows = yield { sql: versionsText(context), values: [JSON.stringify(wanted)] }
  return new Map(rows.map((row) => [nameOf(textOf(row[0]), textOf(row[1])), integerOf(row[2])]))
}

/** A kind has no space in it. */
function nameOf(kind: string, id: string): string {
  return `${kind} ${id}`
}
