import { StorageError } from '../errors/storage-error.ts'
import type { JsonValue } from '../model/json-value.ts'
import { DOCUMENT_LIMITS } from './documents.ts'
import type { DocumentWrite, ListDocumentsQuery, ReadDocumentsQuery, WriteDocumentsCommand } from './documents.ts'

/*
 * What every metadata store refuses of documents before it asks its database: so that all refuse alike.
 * `InvalidArgument` for what is none, `LimitExceeded` for what is too much of it.
 */

const LONE_SURROGATE = /\p{Surrogate}/u
const KIND = /^[a-z][a-z0-9]*(?:[.-][a-z0-9]+)*$/

/** Refuses a command that no store takes. */
export function checkDocumentWrites({ writes }: WriteDocumentsCommand): void {
  if (writes.length === 0) throw invalid('writes', 'is empty')
  atMost('writesMax', writes.length)
  const seen = new Set<string>()
  for (const write of writes) {
    checkWrite(write)
    const name = `${write.kind} ${write.id}`
    if (seen.has(name)) throw invalid('writes', `has the document ${name} twice`)
    seen.add(name)
  }
}

function checkWrite({ kind, id, expected, body, sealed }: DocumentWrite): void {
  checkDocumentKind(kind)
  checkDocumentId(id)
  if (expected !== null && expected !== 'any' && !(Number.isSafeInteger(expected) && expected >= 1)) {
    throw invalid('expected', "is a version, null or 'any'")
  }
  if (body === null && sealed !== null) throw invalid('sealed', 'belongs to a document, and this one is to be deleted')
  if (sealed !== null) atMost('sealedBytesMax', sealed.byteLength)
}

/** Refuses a query that no store takes. */
export function checkDocumentKinds({ kinds }: ReadDocumentsQuery): void {
  atMost('kindsReadMax', kinds.length)
  for (const kind of kinds) checkDocumentKind(kind)
}

/** Refuses a listing that no store takes. */
export function checkDocumentList({ kind, limit }: ListDocumentsQuery): void {
  checkDocumentKind(kind)
  if (!Number.isSafeInteger(limit) || limit < 1) throw invalid('limit', 'is a whole number, 1 or more')
  atMost('listLimitMax', limit)
}

/** Refuses what is no kind. */
export function checkDocumentKind(kind: string): void {
  if (!KIND.test(kind)) throw invalid('kind', 'is made of lower-case words, with dashes or dots between them')
  atMost('kindBytesMax', kind.length)
}

/** Refuses what is no id. */
export function checkDocumentId(id: string): void {
  if (id === '') throw invalid('id', 'is empty')
  if (!isKept(id)) throw invalid('id', 'holds U+0000 or half a surrogate pair')
  atMost('idBytesMax', Buffer.byteLength(id))
}

/** A body as JSON text. Refuses what JSON cannot say, as from JavaScript, and what not every database keeps as it is. */
export function encodeDocumentBody(body: JsonValue): string {
  checkValue(body, 0)
  const text = JSON.stringify(body)
  atMost('bodyBytesMax', Buffer.byteLength(text))
  return text
}

function checkValue(value: unknown, depth: number): void {
  if (value === null || typeof value === 'boolean') return
  if (typeof value === 'string') return checkText(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw invalid('body', 'holds a number that JSON cannot say')
    return
  }
  if (typeof value !== 'object') throw invalid('body', `holds a ${typeof value}, which JSON cannot say`)
  atMost('bodyDepthMax', depth + 1)
  if (Array.isArray(value)) {
    for (const item of value) checkValue(item, depth + 1)
    return
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw invalid('body', 'holds an object that is not a plain one')
  for (const [name, item] of Object.entries(value)) {
    checkText(name)
    checkValue(item, depth + 1)
  }
}

function checkText(text: string): void {
  if (!isKept(text)) throw invalid('body', 'holds U+0000 or half a surrogate pair')
}

/** What Postgres keeps: neither of the two is a character there. */
function isKept(text: string): boolean {
  return !text.includes('\u0000') && !LONE_SURROGATE.test(text)
}

function atMost(limit: keyof typeof DOCUMENT_LIMITS, value: number): void {
  const max = DOCUMENT_LIMITS[limit]
  if (value > max) throw new StorageError('LimitExceeded', { limit: `documents.${limit}`, max })
}

function invalid(argument: string, reason: string): StorageError<'InvalidArgument'> {
  return new StorageError('InvalidArgument', { argument, reason })
}
