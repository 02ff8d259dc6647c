import { readFields, readObject } from './read-json.ts'

/** What the service says of one object; its numbers are texts in JSON. */
export interface ObjectFacts {
  readonly name: string
  readonly size: number
  /** Names one content of one name for ever. */
  readonly generation: string
  /** Of the whole content; null where the service does not say. */
  readonly crc32c: number | null
  readonly createdAt: Date
}

/** The fields that `parseFacts` reads, for the query of a request. */
export const FACTS = 'name,size,generation,crc32c,timeCreated'

/** An answer that does not say what it must: a fault of the service, or not the service at all. */
export class UnreadableAnswer extends Error {
  override readonly name = 'UnreadableAnswer'
}

/** Reads an object's resource, or throws `UnreadableAnswer`. */
export function parseFacts(value: unknown): ObjectFacts {
  const fields = readFields(value)
  const name = fields?.['name']
  // What is nothing may be left out: Google's own emulator does, whose answers are made of protocol buffers.
  const size = Number(fields?.['size'] ?? 0)
  const generation = fields?.['generation']
  // The CRC-32C of nothing is nothing, too.
  const crc32c = fields?.['crc32c'] ?? (size === 0 ? formatCrc32c(0) : null)
  const createdAt = new Date(String(fields?.['timeCreated']))
  if (typeof name !== 'string' || !Number.isSafeInteger(size) || size < 0 || Number.isNaN(createdAt.getTime())) {
    throw new UnreadableAnswer('the service answered with an object that lacks a name or a time, or whose size is none')
  }
  return {
    name,
    size,
    generation: typeof generation === 'string' ? generation : '',
    crc32c: typeof crc32c === 'string' ? parseCrc32c(crc32c) : null,
    createdAt,
  }
}

/** The same from the body of an answer. */
export function parseFactsText(body: string): ObjectFacts {
  return parseFacts(readObject(body))
}

/** One page of a listing. */
export interface ListingPage {
  readonly objects: readonly ObjectFacts[]
  readonly nextPageToken: string | null
}

/** The kind of a listing, which every one has: also one of nothing, which has nothing else. */
const LISTING = 'storage#objects'

/** Reads a page of a listing that was asked for with its `kind`, or throws `UnreadableAnswer`. */
export function parseListing(body: string): ListingPage {
  const fields = readObject(body)
  const items = fields?.['items'] ?? []
  const token = fields?.['nextPageToken']
  if (fields?.['kind'] !== LISTING || !Array.isArray(items)) throw new UnreadableAnswer('the service answered with a listing that is none')
  return { objects: items.map(parseFacts), nextPageToken: typeof token === 'string' && token !== '' ? token : null }
}

/** A CRC-32C as the service writes it: base64 of four bytes, the highest first; null for anything else. */
function parseCrc32c(text: string): number | null {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === 4 ? bytes.readUInt32BE() : null
}

/** A CRC-32C as the service reads it. */
export function formatCrc32c(value: number): string {
  return digestOf(value).toString('base64')
}

/** The four bytes of a CRC-32C, the highest first. */
export function digestOf(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** The CRC-32C in a header `x-goog-hash` (`crc32c=…,md5=…`), or null. */
export function readHashHeader(header: string | readonly string[] | undefined): number | null {
  for (const part of [header ?? ''].flat().join(',').split(',')) {
    const text = part.trim()
    if (text.startsWith('crc32c=')) return parseCrc32c(text.slice('crc32c='.length))
  }
  return null
}
